using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>One dataset, keyed by its id. It moves the head; bytes and manifests are in the blob store before it is asked.</summary>
[Alias("dataset-grain")]
public interface IDatasetGrain : IGrainWithGuidKey, IWakeable
{
    /// <summary>Creates the dataset. Repeating with the same spec does nothing.</summary>
    [Alias("create")] Task<Dataset> CreateAsync(string project, DatasetSpec spec);

    [Alias("get"), Requires(Role.Viewer)] Task<Dataset> GetAsync();

    /// <summary>Moves the head to a new commit. Repeating a commit id answers the same version.</summary>
    /// <exception cref="ConflictException">The head is no longer the expected one.</exception>
    [Alias("commit")] Task<DatasetVersion> CommitAsync(CommitRequest request);

    [Alias("tag"), Requires(Role.Developer)] Task<DatasetVersion> TagAsync(long version, string tag);
    /// <summary>Says what commits are held to from now on. Repeating it does nothing.</summary>
    [Alias("set-policy"), Requires(Role.Developer)] Task<Dataset> SetPolicyAsync(ValidationPolicy policy, string? ifMatch);
    [Alias("rename"), Requires(Role.Developer)] Task<Dataset> RenameAsync(string name, string? ifMatch);

    /// <summary>Deletes the dataset: its name is free again, and its bytes are collected once nothing pins them.</summary>
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string? ifMatch);
}
