namespace OrleansDL.Networks;

/// <summary>Shape of one row between blocks: row [features], image [channels, height, width], tokens [length], series [steps, width].</summary>
/// <param name="IsPadded">series of tokens: rows end in padding that does not count, and their number of steps varies.</param>
internal sealed record BlockShape(BlockShapeKind Kind, IReadOnlyList<long> Sizes, bool IsPadded = false)
{
    /// <summary>What channels, features or width are called: the axis that weights mix.</summary>
    public long Width => Kind is BlockShapeKind.Image ? Sizes[0] : Sizes[^1];

    /// <summary>Values of one row.</summary>
    public long Count => Sizes.Aggregate(1L, (product, size) => checked(product * size));

    public static BlockShape Row(long width) => new(BlockShapeKind.Row, [width]);

    public static BlockShape Series(long steps, long width, bool padded) => new(BlockShapeKind.Series, [steps, width], padded);

    public static BlockShape Image(long channels, long height, long width) => new(BlockShapeKind.Image, [channels, height, width]);

    /// <param name="sizes">Shape of one encoded row.</param>
    /// <param name="tokens">Whether it holds token ids.</param>
    public static BlockShape Of(IReadOnlyList<long> sizes, bool tokens) => (sizes.Count, tokens) switch
    {
        (1, true) => new BlockShape(BlockShapeKind.Tokens, sizes),
        (1, false) => new BlockShape(BlockShapeKind.Row, sizes),
        (2, false) => new BlockShape(BlockShapeKind.Series, sizes),
        (3, false) => new BlockShape(BlockShapeKind.Image, sizes),
        _ => throw new InvalidException($"No network takes rows of shape [{string.Join(", ", sizes)}]. Rows are tokens, [features], [steps, width] or [channels, height, width]."),
    };

    public bool Fits(BlockShape other) => Kind == other.Kind && Sizes.SequenceEqual(other.Sizes);

    public override string ToString() => Kind switch
    {
        BlockShapeKind.Row => $"a row of {Sizes[0]}",
        BlockShapeKind.Image => $"an image of {Sizes[0]} x {Sizes[1]} x {Sizes[2]}",
        BlockShapeKind.Tokens => $"{Sizes[0]} tokens",
        _ => $"a series of {Sizes[0]} x {Sizes[1]}",
    };
}
