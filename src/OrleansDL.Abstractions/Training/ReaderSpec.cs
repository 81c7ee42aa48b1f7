namespace OrleansDL.Training;

/// <summary>How a run reads its rows. Only <see cref="Split"/> and <see cref="CanonicalNodes"/> have a part in the result.</summary>
[GenerateSerializer, Immutable, Alias("reader-spec")]
public sealed record ReaderSpec
{
    /// <summary>Which rows train and which validate; null: by row.</summary>
    [Id(0)] public SplitSpec? Split { get; init; }

    /// <summary>Encoded rows up to this many bytes are kept in memory; more are read, decoded and encoded again each epoch, ahead of the training. Default 1 GiB.</summary>
    [Id(1)] public long? MemoryBytes { get; init; }

    /// <summary>Threads that read ahead, 1 to 64; default 2.</summary>
    [Id(2)] public int? Threads { get; init; }

    /// <summary>Parts of the dataset that are shuffled and read side by side when it has more than 262,144 training rows, 1 to 64; default 8.</summary>
    [Id(3)] public int? CanonicalNodes { get; init; }
}
