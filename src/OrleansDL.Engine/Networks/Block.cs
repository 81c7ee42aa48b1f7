using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>One building block: how it computes while training, and the same as ONNX nodes for serving.</summary>
internal abstract class Block
{
    public abstract Tensor Forward(Tensor input, Pass pass);

    /// <summary>Whether it can be emitted into a graph that goes on from earlier steps, <see cref="OnnxGraph.Past"/>: what it gives for a step then is what it
    /// gives with all steps before it at hand.</summary>
    public virtual bool GoesOn => false;

    /// <summary>Adds the block to the graph and returns the name of its output.</summary>
    public abstract string Emit(OnnxGraph graph, string input);
}
