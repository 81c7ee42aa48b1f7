using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>What a network is trained for: how wide its output is, and how wrong an output is. Reading targets is <see cref="Targets.Target"/>'s, judging rows <see cref="Evaluation.Judge"/>'s.</summary>
internal abstract class Head : IDisposable
{
    /// <summary>As <c>head.kind</c> and <c>network.json</c> name it.</summary>
    public abstract string Name { get; }

    /// <summary>Width of the network's output: labels, values, vocabulary or embedding.</summary>
    public abstract int Outputs { get; }

    /// <summary>Mean loss of a batch, a scalar that backward starts from.</summary>
    /// <param name="output">The network's raw output, its first axis the batch.</param>
    /// <param name="target">The rows' targets; the inputs themselves where a head has no target of its own.</param>
    public abstract Tensor Loss(Tensor output, Tensor target);

    /// <summary>How many losses <see cref="Loss"/> is the mean of, where that is not the number of rows: several workers weigh their parts of a batch by it. Null: by rows.</summary>
    /// <param name="target">The rows' targets, as <see cref="Loss"/> takes them.</param>
    public virtual long? Counted(Tensor target) => null;

    /// <summary>Numbers the network puts out for one row.</summary>
    public virtual long OutputsPerRow(Pipeline pipeline) => Outputs;

    public virtual void Dispose()
    {
    }

    /// <exception cref="InvalidException">The spec names a label that no row has.</exception>
    public static Head For(TrainingSpec spec, TrainingData data)
    {
        var (head, pipeline) = (spec.Head ?? new HeadSpec(), data.Pipeline);
        var labels = pipeline.Labels;
        return head.Kind switch
        {
            HeadNames.Labels => new LabelsHead(labels.Count, head, LabelWeights.Positive(head, labels, data.Labels, data.Training.Count)),
            HeadNames.Regression => new RegressionHead(pipeline.Target!.Columns!.Count, head),
            HeadNames.Sequence => new SequenceHead(labels.Count, head, LabelWeights.Of(head, labels, data.Labels)),
            HeadNames.NextToken => new NextTokenHead(((TextPipeline)pipeline).TokenCount),
            HeadNames.Embedding => new EmbeddingHead(pipeline.Target!.Width!.Value, head.Temperature ?? EmbeddingHead.DefaultTemperature),
            HeadNames.Reconstruction => new ReconstructionHead(checked((int)pipeline.RowShape.Aggregate(1L, (product, size) => product * size))),
            _ => new LabelHead(labels.Count, head, LabelWeights.Of(head, labels, data.Labels)),
        };
    }
}
