using OrleansDL.Pipelines;

namespace OrleansDL.Evaluation;

/// <summary>Judges the rows of each slice on their own.</summary>
internal sealed class SliceJudges(SliceTable table, Pipeline pipeline)
{
    private readonly List<(string Name, Func<long, bool> Has, Judge Judge)> _slices =
        [.. table.Slices().Select(slice => (slice.Name, slice.Has, Judge.For(pipeline, isWhole: false)))];

    /// <param name="row">Number of the row, in the order they were given to the table.</param>
    public void Add(long row, ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        foreach (var (_, has, judge) in _slices)
        {
            if (has(row))
            {
                judge.Add(output, target, input);
            }
        }
    }

    /// <summary>Adds <c>slice.COLUMN=VALUE.METRIC</c> for each.</summary>
    public void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        foreach (var (name, _, judge) in _slices)
        {
            metrics[$"{prefix}slice.{name}.samples"] = judge.Rows;
            foreach (var (metric, value) in judge.Summary())
            {
                metrics[$"{prefix}slice.{name}.{metric}"] = value;
            }
        }
    }
}
