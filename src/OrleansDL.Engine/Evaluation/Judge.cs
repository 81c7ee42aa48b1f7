using OrleansDL.Pipelines;

namespace OrleansDL.Evaluation;

/// <summary>Judges rows one by one by what the network put out; the same object while training and when a model is evaluated, so that both say the same of the same rows.</summary>
internal abstract class Judge
{
    /// <summary>Rows judged.</summary>
    public long Rows { get; protected set; }

    /// <summary>Rows whose label the model does not know; they count as wrong.</summary>
    public virtual long UnknownLabels => 0;

    /// <summary>Mean loss, unweighted and without smoothing; null for a head that has none over single rows.</summary>
    public abstract double? Loss { get; }

    /// <summary>The metric an epoch is told by, for example <c>accuracy</c>.</summary>
    public abstract string Headline { get; }

    public abstract double HeadlineValue { get; }

    /// <summary>How good the rows were answered, greater is better: what the best epoch has most of.</summary>
    public virtual double Score => HeadlineValue;

    /// <param name="output">The network's raw output of the row, flat.</param>
    /// <param name="target">Its target; empty where the input is its own.</param>
    /// <param name="input">The encoded row.</param>
    public abstract void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input);

    /// <summary>Adds what it found, but for <c>loss</c> and the number of rows; names begin with <paramref name="prefix"/>.</summary>
    public abstract void AddMetrics(IDictionary<string, double> metrics, string prefix);

    /// <summary>What every epoch is told by: the loss and the headline.</summary>
    public SortedDictionary<string, double> Summary()
    {
        var summary = new SortedDictionary<string, double>(StringComparer.Ordinal) { [Headline] = HeadlineValue };
        if (Loss is { } loss)
        {
            summary["loss"] = loss;
        }

        return summary;
    }

    public static Judge For(Pipeline pipeline) => new LabelJudge(pipeline.Labels);
}
