namespace OrleansDL.Datasets.Ingest;

/// <summary>One file of an archive while it is being read.</summary>
/// <param name="Path">A checked path within the dataset.</param>
/// <param name="Content">Its bytes, to be read before the next file.</param>
internal readonly record struct ArchiveFile(string Path, Stream Content);
