namespace OrleansDL.Datasets.Formats;

/// <summary>One sample of a WebDataset: neighbouring files of a tar that share a name up to the first dot.</summary>
/// <param name="Key">The shared name, with its folder.</param>
/// <param name="Offset">Where its first file's header begins in the tar.</param>
/// <param name="Members">What stands behind the first dot, in lower case, and the bytes.</param>
internal sealed record TarSample(string Key, long Offset, IReadOnlyList<(string Extension, byte[] Bytes)> Members);
