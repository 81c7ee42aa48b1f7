namespace OrleansDL.Datasets.Manifests;

/// <summary>What an edit did to one path: removed <see cref="Old"/>, added <see cref="New"/>, or put one in the other's place.</summary>
/// <param name="Old">The entry that was there.</param>
/// <param name="OldRow">Row of the manifest before the edit at which the old entry began, or at which the new one was put in.</param>
/// <param name="New">The entry that is there now.</param>
/// <param name="NewRow">Row of the manifest after the edit at which the new entry begins, or at which the old one was taken out.</param>
internal readonly record struct ManifestChange(DatasetEntry? Old, long OldRow, DatasetEntry? New, long NewRow);
