using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>What the families take where a spec says nothing.</summary>
internal static class NetworkFamilies
{
    /// <summary>encoder, gpt, lstm, gru.</summary>
    public const int Width = 64;

    /// <summary>encoder, gpt.</summary>
    public const int AttentionHeads = 4;

    public static NetworkSpec WithDefaults(NetworkSpec spec) => spec.Family switch
    {
        "mlp" => spec with { Hidden = spec.Hidden ?? [64], Dropout = spec.Dropout ?? 0, Activation = spec.Activation ?? "relu" },
        "cnn" => spec with
        {
            Hidden = spec.Hidden ?? [64],
            Channels = spec.Channels ?? [16, 32],
            Kernel = spec.Kernel ?? 3,
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
            BatchNorm = spec.BatchNorm ?? true,
        },
        "textbag" => spec with
        {
            Hidden = spec.Hidden ?? [64],
            Embedding = spec.Embedding ?? 64,
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
        },
        "resnet" => spec with
        {
            Hidden = spec.Hidden ?? [],
            Size = spec.Size ?? 18,
            Width = spec.Width ?? 64,
            Stem = spec.Stem ?? "auto",
            Norm = spec.Norm ?? "batch",
            Dropout = spec.Dropout ?? 0,
            Activation = spec.Activation ?? "relu",
        },
        "separable" => spec with
        {
            Hidden = spec.Hidden ?? [],
            Channels = spec.Channels ?? [32, 64, 128],
            Kernel = spec.Kernel ?? 3,
            Norm = spec.Norm ?? "batch",
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
        },
        "encoder" or "gpt" => spec with
        {
            Hidden = spec.Hidden ?? [],
            Width = spec.Width ?? Width,
            Layers = spec.Layers ?? 2,
            AttentionHeads = spec.AttentionHeads ?? AttentionHeads,
            FeedForward = spec.FeedForward ?? 4 * (spec.Width ?? Width),
            Positions = spec.Positions ?? "learnt",
            Pooling = spec.Pooling ?? (spec.Family == "gpt" ? "last" : "mean"),
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "gelu",
        },
        "lstm" or "gru" => spec with
        {
            Hidden = spec.Hidden ?? [],
            Embedding = spec.Embedding ?? 64,
            Width = spec.Width ?? Width,
            Layers = spec.Layers ?? 1,
            Bidirectional = spec.Bidirectional ?? false,
            // Of two directions the last step has seen one token backwards only.
            Pooling = spec.Pooling ?? (spec.Bidirectional is true ? "mean" : "last"),
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
        },
        "tcn" => spec with
        {
            Hidden = spec.Hidden ?? [],
            Embedding = spec.Embedding ?? 64,
            Channels = spec.Channels ?? [32, 32, 32],
            Kernel = spec.Kernel ?? 3,
            Norm = spec.Norm ?? "layer",
            Pooling = spec.Pooling ?? "last",
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
        },
        "autoencoder" => spec with
        {
            Hidden = spec.Hidden ?? (spec.Channels is null ? [128, 64] : []),
            Embedding = spec.Embedding ?? 16,
            Kernel = spec.Channels is null ? spec.Kernel : spec.Kernel ?? 3,
            Norm = spec.Norm ?? (spec.Channels is null ? "none" : "batch"),
            Dropout = spec.Dropout ?? 0,
            Activation = spec.Activation ?? "relu",
        },
        "blocks" => spec,
        _ => throw new InvalidException($"network.family '{spec.Family}' is unknown. Families: {string.Join(", ", NetworkFamily.Names)}."),
    };
}
