namespace OrleansDL.Blobs;

/// <summary>Where a packed blob lies: the pack's id (64 hexadecimal digits), the position of its first byte, its length.</summary>
internal readonly record struct PackPlace(string Pack, long Position, int Bytes);
