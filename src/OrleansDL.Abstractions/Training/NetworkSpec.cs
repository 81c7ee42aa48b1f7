using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>A network to train: a family and its sizes, or a list of blocks. What is not set takes the family's default; an option of another family is refused.</summary>
[GenerateSerializer, Immutable, Alias("network-spec")]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkSpec
{
    /// <summary>
    /// <c>mlp</c>, <c>cnn</c>, <c>resnet</c>, <c>separable</c>, <c>textbag</c>, <c>encoder</c>, <c>gpt</c>, <c>lstm</c>, <c>gru</c>, <c>tcn</c>, <c>autoencoder</c> or <c>blocks</c>.
    /// </summary>
    [Id(0)] public required string Family { get; init; }

    /// <summary>Widths of the fully connected layers before the output; 1 to 16 of 1 to 8192. autoencoder: of those before the embedding, and in reverse after it.</summary>
    [Id(1)] public IReadOnlyList<int>? Hidden { get; init; }

    /// <summary>cnn, separable, tcn, autoencoder of images: output channels of each block; 1 to 16 of 1 to 1024.</summary>
    [Id(2)] public IReadOnlyList<int>? Channels { get; init; }

    /// <summary>cnn, separable, tcn, autoencoder: side of the kernel, odd, 1 to 11.</summary>
    [Id(3)] public int? Kernel { get; init; }

    /// <summary>Share of units dropped while training; 0 to 0.9.</summary>
    [Id(4)] public double? Dropout { get; init; }

    /// <summary>textbag, lstm, gru, tcn: width of a token's embedding. autoencoder: width of the middle. mlp: width of each categorical column's embedding. 1 to 4096.</summary>
    [Id(5)] public int? Embedding { get; init; }

    /// <summary><c>relu</c>, <c>gelu</c>, <c>tanh</c>, <c>silu</c>, <c>leakyRelu</c> or <c>sigmoid</c>.</summary>
    [Id(6)] public string? Activation { get; init; }

    /// <summary>cnn: whether blocks normalise over the batch.</summary>
    [Id(7)] public bool? BatchNorm { get; init; }

    /// <summary>resnet: 18 or 34 (of two convolutions a block), 50 (bottlenecks of three).</summary>
    [Id(8)] public int? Size { get; init; }

    /// <summary>resnet: channels of the first stage. encoder, gpt: width of a token. lstm, gru: width of the state. 1 to 8192.</summary>
    [Id(9)] public int? Width { get; init; }

    /// <summary>encoder, gpt, lstm, gru: how many on top of each other, 1 to 48.</summary>
    [Id(10)] public int? Layers { get; init; }

    /// <summary>encoder, gpt: heads of attention, which must divide the width; 1 to 128.</summary>
    [Id(11)] public int? AttentionHeads { get; init; }

    /// <summary>encoder, gpt: width of the layer between two attentions, 1 to 65536; default 4 times the width.</summary>
    [Id(12)] public int? FeedForward { get; init; }

    /// <summary>encoder, gpt: <c>learnt</c> or <c>sinusoidal</c>.</summary>
    [Id(13)] public string? Positions { get; init; }

    /// <summary>lstm, gru: whether it also reads backwards.</summary>
    [Id(14)] public bool? Bidirectional { get; init; }

    /// <summary>encoder, gpt, lstm, gru, tcn: how steps become one row: <c>mean</c>, <c>max</c>, <c>last</c> or <c>first</c>. Padding does not count.</summary>
    [Id(15)] public string? Pooling { get; init; }

    /// <summary>resnet, separable, tcn, autoencoder: <c>batch</c>, <c>layer</c>, <c>group</c> (images) or <c>none</c>.</summary>
    [Id(16)] public string? Norm { get; init; }

    /// <summary>resnet: <c>small</c> (3x3, keeps the size), <c>large</c> (7x7, a quarter of it) or <c>auto</c>: small for images of less than 64 pixels.</summary>
    [Id(17)] public string? Stem { get; init; }

    /// <summary>encoder, lstm, gru, tcn on table rows: time steps in a row, whose columns stand step by step; default: each column is one step.</summary>
    [Id(18)] public int? Steps { get; init; }

    /// <summary>mlp, blocks: how columns of text enter: <c>oneHot</c> (default) or <c>embedding</c>.</summary>
    [Id(19)] public string? Categorical { get; init; }

    /// <summary>blocks: the blocks in their order. The output layer follows them by itself.</summary>
    [Id(20)] public IReadOnlyList<BlockSpec>? Blocks { get; init; }
}
