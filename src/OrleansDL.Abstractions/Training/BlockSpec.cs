using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>One block of a network of family <c>blocks</c>. What is not set takes the kind's default; an option of another kind is refused.</summary>
[GenerateSerializer, Immutable, Alias("block-spec")]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BlockSpec
{
    /// <summary>
    /// <c>linear</c>, <c>convolution</c>, <c>activation</c>, <c>norm</c>, <c>dropout</c>, <c>pool</c>, <c>globalPool</c>, <c>flatten</c>, <c>reshape</c>,
    /// <c>upsample</c>, <c>embedding</c>, <c>tokenMean</c>, <c>categories</c>, <c>positions</c>, <c>attention</c>, <c>recurrent</c>, <c>normalize</c> or <c>residual</c>.
    /// </summary>
    [Id(0)] public required string Kind { get; init; }

    /// <summary>What its parameters' names begin with; null: <c>block</c> and its number. The output of the block named <c>embedding</c> is an output of an exported autoencoder.</summary>
    [Id(1)] public string? Name { get; init; }

    /// <summary>linear, embedding, tokenMean, recurrent: width of the output, 1 to 65536. categories: width of each column's embedding; null: by its number of values.</summary>
    [Id(2)] public int? Width { get; init; }

    /// <summary>convolution: output channels, 1 to 65536.</summary>
    [Id(3)] public int? Channels { get; init; }

    /// <summary>convolution: side of the kernel, odd, 1 to 31; default 3. pool: 2 to 31; default 2. An odd kernel keeps the size, by padding.</summary>
    [Id(4)] public int? Kernel { get; init; }

    /// <summary>convolution of images: 1 to 8; default 1. pool: default the kernel.</summary>
    [Id(5)] public int? Stride { get; init; }

    /// <summary>convolution: distance between the kernel's taps, 1 to 4096; default 1.</summary>
    [Id(6)] public int? Dilation { get; init; }

    /// <summary>convolution: groups of channels that do not mix; default 1. norm by group: groups of channels; default 8.</summary>
    [Id(7)] public int? Groups { get; init; }

    /// <summary>linear, convolution: whether a bias is added; default true.</summary>
    [Id(8)] public bool? Bias { get; init; }

    /// <summary>attention, convolution of series: whether a step sees only itself and those before it; default false.</summary>
    [Id(9)] public bool? Causal { get; init; }

    /// <summary>
    /// activation: <c>relu</c>, <c>gelu</c>, <c>tanh</c>, <c>silu</c>, <c>leakyRelu</c>, <c>sigmoid</c>. norm: <c>batch</c>, <c>layer</c>, <c>group</c>.
    /// pool: <c>max</c>, <c>mean</c>. globalPool: <c>mean</c>, <c>max</c>, and of series <c>last</c>, <c>first</c>. positions: <c>learnt</c>, <c>sinusoidal</c>. recurrent: <c>lstm</c>, <c>gru</c>.
    /// </summary>
    [Id(10)] public string? By { get; init; }

    /// <summary>attention: heads, which must divide the width; 1 to 128.</summary>
    [Id(11)] public int? Heads { get; init; }

    /// <summary>dropout; attention: share of what is dropped while training, 0 to 0.9.</summary>
    [Id(12)] public double? Share { get; init; }

    /// <summary>recurrent: whether it also reads backwards, which doubles the output's width.</summary>
    [Id(13)] public bool? Bidirectional { get; init; }

    /// <summary>reshape: shape of one row: [features], [steps, width] or [channels, height, width]. upsample: [height, width] that twice the size is cut to.</summary>
    [Id(14)] public IReadOnlyList<int>? Shape { get; init; }

    /// <summary>residual: blocks whose output is added to the input.</summary>
    [Id(15)] public IReadOnlyList<BlockSpec>? Blocks { get; init; }

    /// <summary>residual: blocks the input passes before it is added; null: none.</summary>
    [Id(16)] public IReadOnlyList<BlockSpec>? Shortcut { get; init; }
}
