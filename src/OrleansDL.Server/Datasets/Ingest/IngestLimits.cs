using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Datasets.Ingest;

/// <summary>How large what comes in may be. Section <c>Datasets</c> of the configuration.</summary>
internal sealed class IngestLimits
{
    /// <summary>Bytes of one upload's body.</summary>
    [Range(1, long.MaxValue)]
    public long MaximumBodyBytes { get; set; } = 64L << 30;

    /// <summary>Bytes of one CSV record or JSON line: what must be in memory at once.</summary>
    [Range(1024, 1 << 30)]
    public int MaximumRecordBytes { get; set; } = 16 << 20;

    [Range(1, 1 << 20)]
    public int MaximumColumns { get; set; } = 16_384;

    /// <summary>Bytes that a Parquet row group, or an Arrow batch or dictionary, may take in memory.</summary>
    [Range(1 << 20, 1L << 40)]
    public long MaximumRowGroupBytes { get; set; } = 256L << 20;

    /// <summary>How deep a JSON line may be nested.</summary>
    [Range(1, 1000)]
    public int MaximumJsonDepth { get; set; } = 32;

    [Range(1, int.MaxValue)]
    public int MaximumArchiveFiles { get; set; } = 2_000_000;

    /// <summary>Bytes of all files of an archive together, unpacked.</summary>
    [Range(1, long.MaxValue)]
    public long MaximumUnpackedBytes { get; set; } = 64L << 30;

    /// <summary>How many times larger than the archive its files may be; images hardly compress. Archives that unpack to less than 64 MiB are not judged.</summary>
    [Range(1, 1_000_000)]
    public int MaximumUnpackedRatio { get; set; } = 100;

    [Range(1, int.MaxValue)]
    public int MaximumImageBytes { get; set; } = 64 << 20;

    /// <summary>Width times height of an image.</summary>
    [Range(1, int.MaxValue)]
    public int MaximumImagePixels { get; set; } = 100_000_000;
}
