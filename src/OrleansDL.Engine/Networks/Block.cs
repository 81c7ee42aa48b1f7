using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>One building block: how it computes while training, and the same as ONNX nodes for serving.</summary>
internal abstract class Block
{
    public abstract Tensor Forward(Tensor input, Pass pass);

    /// <summary>Adds the block to the graph and returns the name of its output.</summary>
    public abstract string Emit(OnnxGraph graph, string input);
}
