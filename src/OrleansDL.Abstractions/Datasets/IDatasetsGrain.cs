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

    /// <summary>Finds a version by reference: <c>name</c> (newest), <c>name@v3</c>, <c>name@TAG</c>, <c>name@sha256:...</c> (commit).</summary>
    [Alias("resolve"), Requires(Role.Viewer)] Task<DatasetVersion> ResolveAsync(string reference);
    [Alias("statistics"), Requires(Role.Viewer)] Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string reference);
    [Alias("files"), Requires(Role.Viewer)] Task<Page<DatasetEntry>> ListFilesAsync(string reference, PageRequest page);
    [Alias("diff"), Requires(Role.Viewer)] Task<DatasetDiff> DiffAsync(string from, string to);
}
