namespace OrleansDL.Networks;

/// <summary>A kind of block: the options it takes, and what its option <c>by</c> may say (the first is the default).</summary>
internal sealed record BlockKind(string Name, string[] Options, string[] By)
{
    private static readonly Dictionary<string, BlockKind> All = new[]
    {
        new BlockKind("linear", ["width", "bias"], []),
        new BlockKind("convolution", ["channels", "kernel", "stride", "dilation", "groups", "bias", "causal"], []),
        new BlockKind("activation", ["by"], Activations),
        new BlockKind("norm", ["by", "groups"], ["batch", "layer", "group"]),
        new BlockKind("dropout", ["share"], []),
        new BlockKind("pool", ["by", "kernel", "stride"], ["max", "mean"]),
        new BlockKind("globalPool", ["by"], Poolings),
        new BlockKind("flatten", [], []),
        new BlockKind("reshape", ["shape"], []),
        new BlockKind("upsample", ["shape"], []),
        new BlockKind("embedding", ["width"], []),
        new BlockKind("tokenMean", ["width"], []),
        new BlockKind("categories", ["width"], []),
        new BlockKind("positions", ["by"], ["learnt", "sinusoidal"]),
        new BlockKind("attention", ["heads", "causal", "share"], []),
        new BlockKind("recurrent", ["by", "width", "bidirectional"], ["lstm", "gru"]),
        new BlockKind("normalize", [], []),
        new BlockKind("residual", ["blocks", "shortcut"], []),
    }.ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    public static string[] Activations => ["relu", "gelu", "tanh", "silu", "leakyRelu", "sigmoid"];

    public static string[] Poolings => ["mean", "max", "last", "first"];

    public static string[] Names { get; } = [.. All.Keys];

    /// <summary>Null when there is no such kind.</summary>
    public static BlockKind? Find(string? name) => name is null ? null : All.GetValueOrDefault(name);
}
