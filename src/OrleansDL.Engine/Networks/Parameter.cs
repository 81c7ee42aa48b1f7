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

    /// <summary>Whether blocks compute with it in 32 bits whatever the precision of the network.</summary>
    public bool IsPrecise { get; init; }

    /// <summary>Set when the network is built. While a network of 16 bits learns, its copy in 16 bits stands here.</summary>
    public Tensor Tensor { get; set; } = null!;

    /// <summary>A value in the precision of this parameter, so that they can be multiplied.</summary>
    public Tensor Fit(Tensor value) => value.dtype == Tensor.dtype ? value : value.to(Tensor.dtype);

    public void Initialize(Xoshiro random, Span<float> values) => initialize(random, values);

    public float[] Values()
    {
        using var scope = NewDisposeScope();
        return Tensor.detach().reshape(-1).cpu().data<float>().ToArray();
    }
}
