using Orleans.Concurrency;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Training;

[GrainType("datasets"), StatelessWorker]
internal sealed class FakeDatasetsGrain : Grain, IDatasetsGrain
{
    public Task<DatasetVersion> ResolveAsync(string reference) => Task.FromResult(Find(reference).Version);

    public Task<Page<DatasetEntry>> ListFilesAsync(string reference, PageRequest page) =>
        Task.FromResult(new Page<DatasetEntry> { Items = [Find(reference).File] });

    public Task<Dataset> CreateAsync(Guid id, DatasetSpec spec) => throw new NotSupportedException();
    public Task<Dataset> GetAsync(string dataset) => throw new NotSupportedException();
    public Task<Page<Dataset>> ListAsync(PageRequest page) => throw new NotSupportedException();
    public Task<Page<DatasetVersion>> ListVersionsAsync(string dataset, PageRequest page) => throw new NotSupportedException();
    public Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string reference) => throw new NotSupportedException();
    public Task<DatasetDiff> DiffAsync(string from, string to) => throw new NotSupportedException();

    private static (DatasetVersion Version, DatasetEntry File) Find(string reference) =>
        TestDatasets.Tables.TryGetValue(reference.Split('@')[0], out var found)
            ? found
            : throw new NotFoundException($"There is no dataset '{reference}'.");
}
