namespace OrleansDL.Datasets;

/// <summary>Branches, tags, history, merges and reverts. Wherever a version stands: a branch, a tag, <c>v3</c>, <c>latest</c>, or <c>sha256:...</c>.</summary>
public sealed class BranchesClient
{
    private readonly OdlConnection _http;

    internal BranchesClient(OdlConnection http) => _http = http;

    /// <summary>In order of names.</summary>
    public IAsyncEnumerable<DatasetBranch> ListAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetBranch>($"{Of(dataset)}/branches", cancellationToken);

    public Task<DatasetBranch> GetAsync(string dataset, string branch, CancellationToken cancellationToken = default) =>
        _http.GetAsync<DatasetBranch>(Of(dataset, branch), cancellationToken);

    /// <summary>Makes a branch at a version; nothing is copied.</summary>
    public Task<DatasetBranch> CreateAsync(string dataset, string branch, string from = "latest", CancellationToken cancellationToken = default) =>
        _http.PostAsync<DatasetBranch>($"{Of(dataset)}/branches", new { name = branch, from }, cancellationToken);

    /// <summary>Moves a branch to another version.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="to">Where it shall be.</param>
    /// <param name="expectedHead">The commit it is at; the call is refused when it is at another.</param>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    public Task<DatasetBranch> MoveAsync(string dataset, string branch, string to, BlobId expectedHead, CancellationToken cancellationToken = default) =>
        _http.PatchAsync<DatasetBranch>(Of(dataset, branch), new { to, expectedHead }, null, cancellationToken);

    /// <summary>Deletes a branch's name; its commits stay versions.</summary>
    public Task DeleteAsync(string dataset, string branch, BlobId? expectedHead = null, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(OdlConnection.Query(Of(dataset, branch), ("expectedHead", expectedHead?.ToString())), null, cancellationToken);

    /// <summary>Merges a version into a branch. Conflicts are an answer, not an error: nothing was changed then.</summary>
    public Task<MergeResult> MergeAsync(string dataset, string branch, MergeSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<MergeResult>($"{Of(dataset, branch)}/merge", spec, cancellationToken);

    /// <summary>Commits the opposite of what a version changed.</summary>
    public Task<MergeResult> RevertAsync(string dataset, string branch, RevertSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<MergeResult>($"{Of(dataset, branch)}/revert", spec, cancellationToken);

    /// <summary>A version and all it was made from, newest first.</summary>
    public IAsyncEnumerable<DatasetVersion> LogAsync(string dataset, string from = "latest", CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetVersion>(OdlConnection.Query($"{Of(dataset)}/log", ("from", from)), cancellationToken);

    /// <summary>In order of names.</summary>
    public IAsyncEnumerable<DatasetTag> ListTagsAsync(string dataset, CancellationToken cancellationToken = default) =>
        _http.ListAsync<DatasetTag>($"{Of(dataset)}/tags", cancellationToken);

    /// <summary>Takes a tag off every other version and puts it on this one.</summary>
    public Task<DatasetVersion> MoveTagAsync(string dataset, string tag, string version, CancellationToken cancellationToken = default) =>
        _http.PutAsync<DatasetVersion>($"{Of(dataset)}/tags/{OdlConnection.Escape(tag)}", new { version }, null, cancellationToken);

    /// <summary>Takes a tag off one version, or off all.</summary>
    public Task UntagAsync(string dataset, string tag, string? version = null, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(OdlConnection.Query($"{Of(dataset)}/tags/{OdlConnection.Escape(tag)}", ("version", version)), null, cancellationToken);

    private string Of(string dataset) => $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}";

    private string Of(string dataset, string branch) => $"{Of(dataset)}/branches/{OdlConnection.Escape(branch)}";
}
