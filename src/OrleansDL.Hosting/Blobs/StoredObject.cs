namespace OrleansDL.Blobs;

/// <summary>An object as a backend lists it.</summary>
internal readonly record struct StoredObject(string Key, long Bytes, DateTimeOffset ModifiedAt);
