namespace OrleansDL.Datasets;

/// <summary>One column of MDS shards (version 2, as MosaicML's StreamingDataset reads them).</summary>
public sealed record MdsColumn
{
    public required string Name { get; init; }

    /// <summary>StreamingDataset's name of how a value is written: <c>int64</c>, <c>float64</c>, <c>uint8</c>, <c>str</c>, <c>bytes</c>, <c>png</c>, <c>jpeg</c>, <c>ndarray:uint8:28,28</c>.</summary>
    public required string Encoding { get; init; }

    /// <summary>Bytes of every value; null when they differ from row to row.</summary>
    public int? Size { get; init; }

    /// <summary>Number of the column among the dataset's own.</summary>
    public required int Source { get; init; }

    /// <summary>Whether it says which values of the dataset's column are missing (1) instead of holding them.</summary>
    public bool IsMask { get; init; }
}
