namespace OrleansDL.Blobs;

/// <summary>One blob of a pack.</summary>
internal readonly record struct PackEntry(BlobId Blob, long Position, int Bytes);
