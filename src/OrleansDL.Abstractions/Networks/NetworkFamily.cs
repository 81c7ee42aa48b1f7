using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>A family of networks: the kinds of input it takes and the options it knows.</summary>
internal sealed record NetworkFamily(string Name, string[] Inputs, string[] Options)
{
    private static readonly NetworkFamily[] All =
    [
        new("mlp", ["table", "image", "series"], ["hidden", "dropout", "activation", "categorical", "embedding"]),
        new("cnn", ["image"], ["hidden", "channels", "kernel", "dropout", "activation", "batchNorm"]),
        new("textbag", ["text"], ["hidden", "embedding", "dropout", "activation"]),
        new("resnet", ["image"], ["hidden", "size", "width", "stem", "norm", "dropout", "activation"]),
        new("separable", ["image"], ["hidden", "channels", "kernel", "norm", "dropout", "activation"]),
        new("encoder", ["text", "table", "series"], ["hidden", "width", "layers", "attentionHeads", "feedForward", "positions", "pooling", "steps", "dropout", "activation"]),
        new("gpt", ["text"], ["hidden", "width", "layers", "attentionHeads", "feedForward", "positions", "pooling", "dropout", "activation"]),
        new("lstm", ["text", "table", "series"], ["hidden", "embedding", "width", "layers", "bidirectional", "pooling", "steps", "dropout", "activation"]),
        new("gru", ["text", "table", "series"], ["hidden", "embedding", "width", "layers", "bidirectional", "pooling", "steps", "dropout", "activation"]),
        new("tcn", ["text", "table", "series"], ["hidden", "embedding", "channels", "kernel", "pooling", "norm", "steps", "dropout", "activation"]),
        new("autoencoder", ["table", "image", "series"], ["hidden", "channels", "kernel", "embedding", "norm", "dropout", "activation"]),
        new("blocks", ["table", "image", "text", "series"], ["blocks", "categorical"]),
    ];

    public static string[] Names { get; } = [.. All.Select(family => family.Name)];

    /// <summary>Null when there is no such family.</summary>
    public static NetworkFamily? Find(string name) => Array.Find(All, family => family.Name == name);

    /// <summary>Families that know an option, for messages.</summary>
    public static string With(string option) =>
        string.Join(", ", All.Where(family => family.Options.Contains(option)).Select(family => $"'{family.Name}'"));

    /// <summary>Which families take a kind of input, for messages.</summary>
    public static string That(string? kind) => All.Where(family => family.Inputs.Contains(kind)).Select(family => family.Name).ToList() is { Count: > 0 } families
        ? $"{kind} is taken by {string.Join(", ", families)}"
        : "no family takes that";

    /// <summary>The options that are set, by their names in JSON.</summary>
    public static IEnumerable<(string Name, object Value)> Given(NetworkSpec network) => new (string Name, object? Value)[]
    {
        ("hidden", network.Hidden), ("channels", network.Channels), ("kernel", network.Kernel), ("dropout", network.Dropout), ("embedding", network.Embedding),
        ("activation", network.Activation), ("batchNorm", network.BatchNorm), ("size", network.Size), ("width", network.Width), ("layers", network.Layers),
        ("attentionHeads", network.AttentionHeads), ("feedForward", network.FeedForward), ("positions", network.Positions),
        ("bidirectional", network.Bidirectional), ("pooling", network.Pooling), ("norm", network.Norm), ("stem", network.Stem), ("steps", network.Steps),
        ("categorical", network.Categorical), ("blocks", network.Blocks),
    }.Where(option => option.Value is not null).Select(option => (option.Name, option.Value!));
}
