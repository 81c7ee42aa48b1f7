namespace OrleansDL.Blobs;

/// <summary>What some owners alone keep.</summary>
/// <param name="Free">Blobs that nobody else refers to.</param>
/// <param name="FreeBytes">Their bytes.</param>
/// <param name="Shared">Blobs that others refer to as well.</param>
public sealed record BlobUse(long Free, long FreeBytes, long Shared);
