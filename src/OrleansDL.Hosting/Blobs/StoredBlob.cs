namespace OrleansDL.Blobs;

/// <summary>Where the bytes of a blob were found: an open object, and which part of it they are.</summary>
internal readonly record struct StoredBlob(IBlobObject Object, string Key, long Position, long Length);
