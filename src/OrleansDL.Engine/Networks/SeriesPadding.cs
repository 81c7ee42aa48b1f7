using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>
/// Which steps of a batch of texts are padding: those after the last token that is not 0. A row of padding alone counts as one step long, so that
/// it has a mean and a last step as others do. The block that embeds tokens sets it, those after it read it.
/// </summary>
internal sealed class SeriesPadding
{
    /// <summary>int64 [batch]: steps of each row, 1 or more.</summary>
    public Tensor Lengths { get; private set; } = null!;

    /// <summary>bool [batch, steps]: whether a step counts.</summary>
    public Tensor Present { get; private set; } = null!;

    private string LengthsName { get; set; } = "";

    private string PresentName { get; set; } = "";

    /// <param name="tokens">int64 [batch, steps].</param>
    public void Set(Tensor tokens)
    {
        var numbers = arange(Held(1), Held(tokens.shape[1] + 1), Held(1), ScalarType.Int64, tokens.device);
        Lengths = (tokens.ne(Held(0)).to(ScalarType.Int64) * numbers).amax([1L]).clamp_min(Held(1));
        Present = numbers.unsqueeze(0).le(Lengths.unsqueeze(1));
    }

    /// <summary>[batch, steps, 1]: 1 where a step counts, 0 where not.</summary>
    public Tensor Mask(Tensor like) => Present.unsqueeze(-1).to(like.dtype);

    public void Emit(OnnxGraph graph, string tokens)
    {
        var numbers = graph.Node("Add", [graph.Range(graph.Size(tokens, 1)), graph.Integers(1)]);
        var there = graph.Node("Cast", [graph.Node("Not", [graph.Node("Equal", [tokens, graph.Integers(0)])])], null, OnnxAttribute.Of("to", (int)OnnxType.Int64));
        var last = graph.Node("ReduceMax", [graph.Node("Mul", [there, numbers])], null, OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 0));
        LengthsName = graph.Node("Max", [last, graph.Integers(1)]);
        PresentName = graph.Node("LessOrEqual", [numbers, graph.Node("Unsqueeze", [LengthsName, graph.Integers(1)])]);
    }

    /// <summary>int64 [batch].</summary>
    public string EmitLengths() => LengthsName;

    /// <summary>float [batch, steps, 1].</summary>
    public string EmitMask(OnnxGraph graph) =>
        graph.Node("Cast", [graph.Node("Unsqueeze", [PresentName, graph.Integers(-1)])], null, OnnxAttribute.Of("to", (int)OnnxType.Float));

    /// <summary>bool [batch, steps].</summary>
    public string EmitPresent() => PresentName;
}
