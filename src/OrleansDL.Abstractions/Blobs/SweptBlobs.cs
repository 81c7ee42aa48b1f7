namespace OrleansDL.Blobs;

/// <summary>How many, and their size in bytes.</summary>
public sealed record SweptBlobs(long Count = 0, long Bytes = 0)
{
    public SweptBlobs Plus(long count, long bytes) => new(Count + count, Bytes + bytes);
}
