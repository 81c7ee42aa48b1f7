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

    /// <summary>Numbers the network puts out for one row.</summary>
    public virtual long OutputsPerRow(Pipeline pipeline) => Outputs;

    public virtual void Dispose()
    {
    }

    public static Head For(TrainingSpec spec, TrainingData data) => new LabelHead(data.Pipeline.Labels.Count);
}
