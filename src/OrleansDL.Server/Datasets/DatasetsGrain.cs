using Orleans.Concurrency;
using OrleansDL.Database;
using OrleansDL.Datasets.Branches;
using OrleansDL.Datasets.Statistics;
using OrleansDL.Projects;

namespace OrleansDL.Datasets;

[GrainType("datasets"), StatelessWorker]
internal sealed class DatasetsGrain(DatasetTable table, BranchTable branches, DatasetHistory history, DatasetDiffs diffs, DatasetBlobs blobs, NameTable names, IGrainFactory grains) : Grain, IDatasetsGrain
{
    private string Project => this.GetPrimaryKeyString();

    public async Task<Dataset> CreateAsync(Guid id, DatasetSpec spec)
    {
        await names.EnsureProjectAsync(Project);
        return await grains.GetGrain<IDatasetGrain>(id).CreateAsync(Project, spec);
    }

    public async Task<Dataset> GetAsync(string dataset)
    {
        var id = await names.ResolveAsync(Project, ThingKind.Dataset, dataset);
        return await table.FindAsync(id) ?? throw NameTable.Missing(Project, ThingKind.Dataset, dataset);
    }

    public Task<Page<Dataset>> ListAsync(PageRequest page) => table.ListAsync(Project, page);

    public async Task<Page<DatasetVersion>> ListVersionsAsync(string dataset, PageRequest page) =>
        await table.ListVersionsAsync(await names.ResolveAsync(Project, ThingKind.Dataset, dataset), page);

    public async Task<DatasetVersion> ResolveAsync(string reference) => DatasetReference.CheckThere(await DescribeAsync(reference));

    public async Task<DatasetVersion> DescribeAsync(string reference)
    {
        var (dataset, version) = DatasetReference.Parse(reference);
        var id = await names.ResolveAsync(Project, ThingKind.Dataset, dataset);
        return await table.FindVersionAsync(id, version) ?? throw new NotFoundException(
            version == DatasetReference.Latest
                ? $"Dataset '{dataset}' has no version yet. POST /v1/projects/{Project}/datasets/{dataset}/commits makes the first."
                : $"Dataset '{dataset}' has no version '{version}'. GET /v1/projects/{Project}/datasets/{dataset}/versions lists them, .../branches the branches, .../tags the tags.");
    }

    public async Task<IReadOnlyList<ColumnStatistics>> GetStatisticsAsync(string reference) =>
        (await blobs.StatisticsAsync(await ResolveAsync(reference))).Select(StatisticsView.Describe).ToArray();

    public async Task<Page<DatasetEntry>> ListFilesAsync(string reference, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0];
        var version = await ResolveAsync(reference);
        var entries = new List<DatasetEntry>();
        await foreach (var entry in blobs.Manifests.EntriesAsync(await blobs.Manifests.ReadRootAsync(version.Content), after))
        {
            entries.Add(entry);
            if (entries.Count > page.CheckedSize())
            {
                break;
            }
        }

        return entries.ToPage(page, entry => [entry.Path]);
    }

    public async Task<DatasetDiff> DiffAsync(string from, string to) => await diffs.CompareAsync(await ResolveAsync(from), await ResolveAsync(to));

    public async Task<DatasetDiff> DiffSinceBaseAsync(string from, string to)
    {
        var (older, newer) = (await DescribeAsync(from), await ResolveAsync(to));
        if (older.Dataset != newer.Dataset)
        {
            throw new InvalidException("Two datasets have no common ancestor. Compare them without it.");
        }

        var root = await history.MergeBaseAsync(older.Dataset, older.Version, newer.Version)
            ?? throw new ConflictException($"v{older.Version} and v{newer.Version} of dataset '{older.DatasetName}' have no common ancestor. Compare them without it.");
        return await diffs.CompareAsync(await ResolveAsync($"{older.Dataset}@v{root}"), newer);
    }

    public async Task<Page<DatasetVersion>> LogAsync(string reference, PageRequest page) => await history.LogAsync(await DescribeAsync(reference), page);

    public async Task<Page<DatasetBranch>> ListBranchesAsync(string dataset, PageRequest page) =>
        await branches.ListAsync(await names.ResolveAsync(Project, ThingKind.Dataset, dataset), page);

    public async Task<DatasetBranch> GetBranchAsync(string dataset, string branch) =>
        await branches.FindAsync(await names.ResolveAsync(Project, ThingKind.Dataset, dataset), branch)
        ?? throw new NotFoundException($"Dataset '{dataset}' has no branch '{branch}'. GET /v1/projects/{Project}/datasets/{dataset}/branches lists them.");

    public async Task<Page<DatasetTag>> ListTagsAsync(string dataset, PageRequest page) =>
        await table.ListTagsAsync(await names.ResolveAsync(Project, ThingKind.Dataset, dataset), page);
}
