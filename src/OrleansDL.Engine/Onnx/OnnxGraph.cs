using System.Runtime.InteropServices;
using OrleansDL.Networks;

namespace OrleansDL.Onnx;

/// <summary>An ONNX model being written, opset 17. Blocks add nodes and initializers; field numbers are those of onnx.proto.</summary>
internal sealed class OnnxGraph
{
    private const int IrVersion = 8;
    private const int Opset = 17;
    private const int GraphField = 7;
    private const int InitializerField = 5;

    private readonly ProtoWriter _graph = new();
    private readonly ProtoWriter _initializers = new();
    private readonly ProtoWriter _ends = new();
    private int _names;

    /// <summary>What was seen before the steps at hand; null in a graph that is given all steps.</summary>
    public OnnxPast? Past { get; init; }

    /// <summary>Whether weights are only named, to be added from where they lie.</summary>
    public bool LeavesWeightsOut { get; init; }

    /// <summary>Adds a node with one output and returns the output's name.</summary>
    public string Node(string operation, IReadOnlyList<string> inputs, string? output = null, params IEnumerable<OnnxAttribute> attributes)
    {
        output ??= $"{operation.ToLowerInvariant()}_{_names++}";
        var node = new ProtoWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        node.Text(2, output).Text(3, output).Text(4, operation);
        foreach (var attribute in attributes)
        {
            node.Message(5, attribute.Write());
        }

        _graph.Message(1, node);
        return output;
    }

    public string Weights(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.Float, MemoryMarshal.AsBytes(values), shape);

    public string Weights(Parameter parameter) => LeavesWeightsOut ? parameter.Name : Weights(parameter.Name, parameter.Values(), parameter.Shape);

    public string Floats(params ReadOnlySpan<float> values) => Weights($"floats_{_names++}", values, values.Length);

    public string Scalar(float value) => Initializer($"scalar_{_names++}", OnnxType.Float, MemoryMarshal.AsBytes([value]), []);

    public string Integers(params ReadOnlySpan<long> values) =>
        Initializer($"integers_{_names++}", OnnxType.Int64, MemoryMarshal.AsBytes(values), [values.Length]);

    /// <summary>One integer without an axis: an index that takes its axis away.</summary>
    public string Integer(long value) => Initializer($"integer_{_names++}", OnnxType.Int64, MemoryMarshal.AsBytes([value]), []);

    /// <summary>Size of one axis of a value, without an axis itself.</summary>
    public string Size(string value, int axis) => Node("Gather", [Node("Shape", [value]), Integer(axis)]);

    /// <summary>0, 1, ... up to, not including, <paramref name="end"/>, as int64.</summary>
    public string Range(string end) => Node("Range", [Integer(0), end, Integer(1)]);

    /// <summary>Declares the model's input. A negative size is dynamic: the first is the batch, others are called <paramref name="open"/>.</summary>
    public string Input(string name, OnnxType type, ReadOnlySpan<long> shape, string open = "length")
    {
        _ends.Message(11, Value(name, type, shape, open));
        return name;
    }

    public void Output(string name, ReadOnlySpan<long> shape) => _ends.Message(12, Value(name, OnnxType.Float, shape, "length"));

    public byte[] Write(string name)
    {
        _graph.Text(2, name);
        var graph = _graph.ToArray().Concat(_initializers.ToArray()).Concat(_ends.ToArray()).ToArray();
        return new ProtoWriter()
            .Int(1, IrVersion)
            .Text(2, "OrleansDL")
            .Bytes(GraphField, graph)
            .Message(8, new ProtoWriter().Text(1, "").Int(2, Opset))
            .ToArray();
    }

    /// <summary>Completes a model written with <see cref="LeavesWeightsOut"/>: messages of protocol buffers that follow one another are one message.</summary>
    /// <param name="model">The model's bytes.</param>
    /// <param name="weights">Name, shape and float32 bytes of each.</param>
    public static byte[] AddWeights(ReadOnlySpan<byte> model, IEnumerable<(string Name, long[] Shape, byte[] Data)> weights)
    {
        var graph = new OnnxGraph();
        foreach (var (name, shape, data) in weights)
        {
            graph.Initializer(name, OnnxType.Float, data, shape);
        }

        return [.. model, .. new ProtoWriter().Bytes(GraphField, graph._initializers.ToArray()).ToArray()];
    }

    private string Initializer(string name, OnnxType type, ReadOnlySpan<byte> bytes, ReadOnlySpan<long> shape)
    {
        var tensor = new ProtoWriter();
        foreach (var size in shape)
        {
            tensor.Int(1, size);
        }

        _initializers.Message(InitializerField, tensor.Int(2, (int)type).Text(8, name).Bytes(9, bytes));
        return name;
    }

    private static ProtoWriter Value(string name, OnnxType type, ReadOnlySpan<long> shape, string open)
    {
        var dimensions = new ProtoWriter();
        for (var axis = 0; axis < shape.Length; axis++)
        {
            dimensions.Message(1, shape[axis] < 0
                ? new ProtoWriter().Text(2, axis == 0 ? "batch" : open)
                : new ProtoWriter().Int(1, shape[axis]));
        }

        var tensor = new ProtoWriter().Int(1, (int)type).Message(2, dimensions);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensor));
    }
}
