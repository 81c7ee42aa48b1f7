namespace OrleansDL.Training;

/// <summary>A network to train: a family and its sizes. What is not set takes the family's default.</summary>
[GenerateSerializer, Immutable, Alias("network-spec")]
public sealed record NetworkSpec
{
    /// <summary><c>mlp</c>, <c>cnn</c> or <c>textbag</c>.</summary>
    [Id(0)] public required string Family { get; init; }

    /// <summary>Widths of the fully connected layers before the output; 1 to 16 of 1 to 8192.</summary>
    [Id(1)] public IReadOnlyList<int>? Hidden { get; init; }

    /// <summary>cnn: output channels of each convolution block; 1 to 16 of 1 to 1024.</summary>
    [Id(2)] public IReadOnlyList<int>? Channels { get; init; }

    /// <summary>cnn: side of the square kernel, odd, 1 to 11.</summary>
    [Id(3)] public int? Kernel { get; init; }

    /// <summary>Share of units dropped while training; 0 to 0.9.</summary>
    [Id(4)] public double? Dropout { get; init; }

    /// <summary>textbag: width of a token's embedding; 1 to 4096.</summary>
    [Id(5)] public int? Embedding { get; init; }

    /// <summary><c>relu</c>, <c>gelu</c> or <c>tanh</c>.</summary>
    [Id(6)] public string? Activation { get; init; }

    /// <summary>cnn: whether blocks normalise over the batch.</summary>
    [Id(7)] public bool? BatchNorm { get; init; }
}
