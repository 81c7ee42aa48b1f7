using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>The datasets of one project. Key: the project's name. Any number of activations: the rows are the state.</summary>
[Alias("datasets")]
public interface IDatasetsGrain : IGrainWithStringKey
{
    /// <summary>Makes a dataset. <paramref name="id"/> makes a repeat of the call harmless.</summary>
    [Alias("create"), Requires(Role.Developer)] Task<Dataset> CreateAsync(Guid id, DatasetSpec spec);

    /// <summary>Finds a dataset by name or id.</summary>
    [Alias("get"), Requires(Role.Viewer)] Task<Dataset> GetAsync(string dataset);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<Dataset>> ListAsync(PageRequest page);

    /// <summary>Newest first.</summary>
    [Alias("versions"), Requires(Role.Viewer)] Task<Page<DatasetVersion>> ListVersionsAsync(string dataset, PageRequest page);

    /// <summary>Finds a version by reference: <c>name</c> (head of branch main), <c>name@v3</c>, <c>name@BRANCH</c>, <c>name@TAG</c>, <c>name@sha256:...</c> (commit).</summary>
    /// <exception cref="GoneException">The version's bytes are gone.</exception>
    [Alias("resolve"), Requires(Role.Viewer)] Task<DatasetVersion> ResolveAsync(string reference);

    /// <summary>Finds a version as <see cref="ResolveAsync"/> does, also one whose bytes are gone: <see cref="DatasetVersion.Gone"/> then says why.</summary>
    [Alias("describe"), Requires(Role.Viewer)] Task<DatasetVersion> DescribeAsync(string reference);
    [Alias("statistics"), Requires(Role.Viewer)] Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string reference);
    [Alias("files"), Requires(Role.Viewer)] Task<Page<DatasetEntry>> ListFilesAsync(string reference, PageRequest page);
    [Alias("diff"), Requires(Role.Viewer)] Task<DatasetDiff> DiffAsync(string from, string to);

    /// <summary>What <paramref name="to"/> changed since it left <paramref name="from"/>: the difference from their common ancestor.</summary>
    [Alias("diff-since-base"), Requires(Role.Viewer)] Task<DatasetDiff> DiffSinceBaseAsync(string from, string to);

    /// <summary>A version and all it was made from, newest first.</summary>
    [Alias("log"), Requires(Role.Viewer)] Task<Page<DatasetVersion>> LogAsync(string reference, PageRequest page);

    /// <summary>In order of names.</summary>
    [Alias("branches"), Requires(Role.Viewer)] Task<Page<DatasetBranch>> ListBranchesAsync(string dataset, PageRequest page);
    [Alias("branch"), Requires(Role.Viewer)] Task<DatasetBranch> GetBranchAsync(string dataset, string branch);

    /// <summary>In order of names.</summary>
    [Alias("tags"), Requires(Role.Viewer)] Task<Page<DatasetTag>> ListTagsAsync(string dataset, PageRequest page);
}
