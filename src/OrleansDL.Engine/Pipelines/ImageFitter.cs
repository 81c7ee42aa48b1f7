using OrleansDL.Data;

namespace OrleansDL.Pipelines;

internal sealed class ImageFitter(InputPlan plan) : PipelineFitter
{
    /// <summary>Sides of image files when the spec names none: those of the first training image, up to this many pixels.</summary>
    private const int GreatestSide = 64;

    private (int Height, int Width, int Channels)? _first;
    private double _greatest;

    public override void Add(Row row)
    {
        if (plan.HasImages)
        {
            _first ??= ImageFile.Measure(row.Bytes(0), row.Where);
            return;
        }

        foreach (var cell in plan.Columns)
        {
            if (row.TryNumber(cell, out var number))
            {
                _greatest = Math.Max(_greatest, number);
            }
        }
    }

    public override Pipeline Fit(IReadOnlyList<string> labels) => new ImagePipeline
    {
        LabelColumn = plan.LabelName,
        Labels = labels,
        Height = plan.Spec.Height ?? Math.Min(GreatestSide, _first!.Value.Height),
        Width = plan.Spec.Width ?? Math.Min(GreatestSide, _first!.Value.Width),
        Channels = plan.Spec.Channels ?? _first!.Value.Channels,
        Scale = plan.Spec.Scale ?? (plan.HasImages ? 255 : _greatest > 0 ? _greatest : 1),
        Columns = plan.HasImages ? null : [.. plan.Columns.Select(column => plan.Schema[column].Name)],
    };
}
