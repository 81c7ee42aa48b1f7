using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Sizes and channels of many images.</summary>
internal sealed class ImageSummary
{
    private readonly DDSketch _widths = new();
    private readonly DDSketch _heights = new();
    private readonly NumberSummary[] _channels = [new(), new(), new()];

    public void Add(ImageFacts facts)
    {
        _widths.Add(facts.Width);
        _heights.Add(facts.Height);
        if (facts is { Red: { } red, Green: { } green, Blue: { } blue })
        {
            _channels[0].Add(red / 1000.0);
            _channels[1].Add(green / 1000.0);
            _channels[2].Add(blue / 1000.0);
        }
    }

    /// <summary>The column's statistics with what was added here.</summary>
    public ColumnStatistics Describe(ColumnStatistics column) => _widths.Count == 0 ? column : column with
    {
        Sketches = new ColumnSketches { Widths = _widths.ToBytes(), Heights = _heights.ToBytes() },
        Channels = ChannelMerge.Finish(_channels),
    };
}
