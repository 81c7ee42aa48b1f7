using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A tensor a block learns or keeps: a view into one flat buffer of the whole network.</summary>
internal sealed class Parameter(string name, long[] shape, Action<Xoshiro, Span<float>> initialize)
{
    public string Name { get; } = name;

    public long[] Shape { get; } = shape;

    public int Count { get; } = checked((int)shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Where it begins in the flat buffer.</summary>
    public int Offset { get; set; }

    /// <summary>Whether training leaves it as it is.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>Set when the network is built.</summary>
    public Tensor Tensor { get; set; } = null!;

    public void Initialize(Xoshiro random, Span<float> values) => initialize(random, values);

    public float[] Values()
    {
        using var scope = NewDisposeScope();
        return Tensor.detach().reshape(-1).cpu().data<float>().ToArray();
    }
}
