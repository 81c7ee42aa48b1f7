using System.Runtime.CompilerServices;

namespace OrleansDL.Inference;

/// <summary>A tensor's shape as a key that costs no allocation: up to four sizes and their number.</summary>
internal readonly record struct Shape
{
    /// <summary>Tensors of more axes are not bound.</summary>
    public const int GreatestRank = 4;

    private readonly int _rank;
    private readonly Sizes _sizes;

    public Shape(ReadOnlySpan<long> shape)
    {
        _rank = shape.Length;
        shape.CopyTo(_sizes);
    }

    public bool Equals(Shape other) =>
        _rank == other._rank && ((ReadOnlySpan<long>)_sizes).SequenceEqual(other._sizes);

    public override int GetHashCode() => HashCode.Combine(_rank, _sizes[0], _sizes[1], _sizes[2], _sizes[3]);

    [InlineArray(GreatestRank)]
    private struct Sizes
    {
        private long _first;
    }
}
