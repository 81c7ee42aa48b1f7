namespace OrleansDL.Blobs;

/// <summary>Where blobs are kept.</summary>
public sealed class BlobOptions
{
    /// <summary>Folder of the local store. All nodes of a cluster must see the same one.</summary>
    public string Directory { get; set; } = "";

    /// <summary>How long a blob that nothing refers to is kept: longer than the longest upload or run.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromHours(24);
}
