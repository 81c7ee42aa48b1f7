using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Blobs;

/// <summary>Where blobs are kept.</summary>
public sealed class BlobOptions
{
    /// <summary>A folder that all nodes of a cluster see, or <c>s3://BUCKET/PREFIX</c>.</summary>
    public string Location { get; set; } = "";

    /// <summary>How an S3-compatible store is reached.</summary>
    public S3Options S3 { get; set; } = new();

    /// <summary>Folder of this machine for what is read often: blobs out of packs, and all blobs when the store is elsewhere.</summary>
    public string CacheDirectory { get; set; } = "";

    /// <summary>Most bytes kept there; what was not used for longest goes first.</summary>
    [Range(64L << 20, long.MaxValue)]
    public long CacheBytes { get; set; } = 20L << 30;

    /// <summary>How long a blob that nothing refers to is kept: longer than the longest upload or run.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromHours(24);
}
