namespace OrleansDL.Datasets;

/// <summary>A file of another version, and where its rows came from.</summary>
/// <param name="Entry">The file.</param>
/// <param name="Origins">Ranges that together have the file's rows, in their order. Their first rows do not matter.</param>
internal sealed record TakenEntry(DatasetEntry Entry, IReadOnlyList<DatasetSource> Origins);
