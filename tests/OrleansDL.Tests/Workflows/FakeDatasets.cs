using OrleansDL.Datasets;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeDatasets(FakeWorld world) : IDatasetsGrain
{
    public Task<Dataset> GetAsync(string dataset) => world.Datasets.TryGetValue(dataset, out var id)
        ? Task.FromResult(new Dataset { Id = id, Project = FakeWorld.Project, Name = dataset, Kind = DatasetKind.Table, CreatedAt = default, ETag = "1" })
        : throw new NotFoundException($"There is no dataset '{dataset}' in project '{FakeWorld.Project}'.");

    public async Task<DatasetVersion> ResolveAsync(string reference)
    {
        var dataset = await GetAsync(reference.Split('@')[0]);
        var digest = BlobId.FromHash(new byte[32]);
        return new DatasetVersion
        {
            Dataset = dataset.Id,
            DatasetName = dataset.Name,
            Version = 3,
            Commit = digest,
            Content = digest,
            Message = "",
            Tags = [],
            Rows = 1,
            Bytes = 1,
            Files = 1,
            Schema = [],
            Sources = [],
            CommittedAt = default,
            RowsAdded = 1,
            Kind = DatasetKind.Table,
        };
    }

    public Task<Dataset> CreateAsync(Guid id, DatasetSpec spec) => throw new NotSupportedException();

    public Task<Page<Dataset>> ListAsync(PageRequest page) => throw new NotSupportedException();

    public Task<Page<DatasetVersion>> ListVersionsAsync(string dataset, PageRequest page) => throw new NotSupportedException();

    public Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string reference) => throw new NotSupportedException();

    public Task<Page<DatasetEntry>> ListFilesAsync(string reference, PageRequest page) => throw new NotSupportedException();

    public Task<DatasetDiff> DiffAsync(string from, string to) => throw new NotSupportedException();

    public Task<DatasetVersion> DescribeAsync(string reference) => ResolveAsync(reference);

    public Task<DatasetDiff> DiffSinceBaseAsync(string from, string to) => throw new NotSupportedException();

    public Task<Page<DatasetVersion>> LogAsync(string reference, PageRequest page) => throw new NotSupportedException();

    public Task<Page<DatasetBranch>> ListBranchesAsync(string dataset, PageRequest page) => throw new NotSupportedException();

    public Task<DatasetBranch> GetBranchAsync(string dataset, string branch) => throw new NotSupportedException();

    public Task<Page<DatasetTag>> ListTagsAsync(string dataset, PageRequest page) => throw new NotSupportedException();
}
