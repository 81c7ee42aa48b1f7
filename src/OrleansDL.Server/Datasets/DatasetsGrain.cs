using Orleans.Concurrency;
using OrleansDL.Database;
using OrleansDL.Datasets.Statistics;
using OrleansDL.Projects;

namespace OrleansDL.Datasets;

[GrainType("datasets"), StatelessWorker]
internal sealed class DatasetsGrain(DatasetTable table, DatasetBlobs blobs, NameTable names, IGrainFactory grains) : Grain, IDatasetsGrain
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

    public async Task<DatasetVersion> ResolveAsync(string reference)
    {
        var (dataset, version) = DatasetReference.Parse(reference);
        var id = await names.ResolveAsync(Project, ThingKind.Dataset, dataset);
        return await table.FindVersionAsync(id, version) ?? throw new NotFoundException(
            version == DatasetReference.Latest
                ? $"Dataset '{dataset}' has no version yet. POST /v1/projects/{Project}/datasets/{dataset}/commits makes the first."
                : $"Dataset '{dataset}' has no version '{version}'. GET /v1/projects/{Project}/datasets/{dataset}/versions lists them.");
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

    public async Task<DatasetDiff> DiffAsync(string from, string to)
    {
        var (older, newer) = (await ResolveAsync(from), await ResolveAsync(to));
        var (added, removed, changed) = (new List<DatasetEntry>(), new List<DatasetEntry>(), new List<DatasetEntry>());
        var diff = new DatasetDiff
        {
            From = older.Version,
            To = newer.Version,
            RowsAdded = 0,
            RowsRemoved = 0,
            BytesAdded = 0,
            BytesRemoved = 0,
            Added = added,
            Removed = removed,
            Changed = changed,
        };
        var differences = blobs.Manifests.DiffAsync(
            await blobs.Manifests.ReadRootAsync(older.Content), await blobs.Manifests.ReadRootAsync(newer.Content));
        await foreach (var (was, now) in differences)
        {
            var full = added.Count + removed.Count + changed.Count >= DatasetDiff.MaximumEntries;
            diff = diff with
            {
                RowsAdded = diff.RowsAdded + (now?.Rows ?? 0),
                BytesAdded = diff.BytesAdded + (now?.Bytes ?? 0),
                RowsRemoved = diff.RowsRemoved + (was?.Rows ?? 0),
                BytesRemoved = diff.BytesRemoved + (was?.Bytes ?? 0),
                Truncated = diff.Truncated || full,
            };
            if (!full)
            {
                (was is null ? added : now is null ? removed : changed).Add(now ?? was!);
            }
        }

        return diff;
    }
}
