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

    /// <summary>Takes a tag off every other version and puts it on this one.</summary>
    [Alias("move-tag"), Requires(Role.Developer)] Task<DatasetVersion> MoveTagAsync(long version, string tag);

    /// <summary>Takes a tag off one version, or off all. A tag that is not there is fine.</summary>
    [Alias("untag"), Requires(Role.Developer)] Task UntagAsync(string tag, long? version);

    /// <summary>Makes a branch at a commit, or moves one that is at the expected head. No byte is copied. A branch that is at the commit already is fine.</summary>
    /// <param name="request">Makes a repeat of the call harmless.</param>
    /// <param name="branch">The branch's name.</param>
    /// <param name="commit">Where it shall be.</param>
    /// <param name="expectedHead">Where it is; null to make a new one.</param>
    /// <exception cref="ConflictException">The branch is at another commit than the expected one, or the name is a tag.</exception>
    [Alias("set-branch"), Requires(Role.Developer)] Task<DatasetBranch> SetBranchAsync(Guid request, string branch, BlobId commit, BlobId? expectedHead);

    /// <summary>Deletes a branch's name; its commits stay versions. <c>main</c> stays.</summary>
    /// <exception cref="ConflictException">The branch is not at the expected head (null expects nothing).</exception>
    [Alias("delete-branch"), Requires(Role.Developer)] Task DeleteBranchAsync(string branch, BlobId? expectedHead);

    /// <summary>Says what commits are held to from now on. Repeating it does nothing.</summary>
    [Alias("set-policy"), Requires(Role.Developer)] Task<Dataset> SetPolicyAsync(ValidationPolicy policy, string? ifMatch);

    /// <summary>Says how long versions stay. It is applied from an hour later on, once a day.</summary>
    [Alias("set-retention"), Requires(Role.Developer)] Task<Dataset> SetRetentionAsync(DatasetRetention retention, string? ifMatch);

    /// <summary>Says that versions are gone: from now on they cannot be read. Answers those that are: what a branch or tag has come to meanwhile stays, unless it is purged.</summary>
    [Alias("expire")] Task<IReadOnlyList<long>> ExpireAsync(IReadOnlyList<long> versions, string reason, bool purged);
    [Alias("rename"), Requires(Role.Developer)] Task<Dataset> RenameAsync(string name, string? ifMatch);

    /// <summary>Deletes the dataset: its name is free again, and its bytes are collected once nothing pins them.</summary>
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string? ifMatch);
}
