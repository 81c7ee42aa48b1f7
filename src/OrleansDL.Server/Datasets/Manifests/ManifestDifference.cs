namespace OrleansDL.Datasets.Manifests;

/// <summary>A path whose entry differs: only old, only new, or both.</summary>
internal readonly record struct ManifestDifference(DatasetEntry? Old, DatasetEntry? New);
