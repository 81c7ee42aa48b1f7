namespace OrleansDL.Blobs;

/// <summary>What a full disk looks like.</summary>
internal static class Disk
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    public static bool IsFull(IOException e) => (e.HResult & 0xffff) is NoSpace or QuotaExceeded;

    public static OutOfSpaceException Full() => new(
        "The disk of the blob store is full; nothing was kept of this upload. Free space on it, or move the folder to a larger disk (--blobs), and send it again.");
}
