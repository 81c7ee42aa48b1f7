using Orleans.Concurrency;

namespace OrleansDL.Datasets.Selection;

[GrainType("selections"), StatelessWorker]
internal sealed class SelectionsGrain(DatasetSelections selections, LabelLists labels) : Grain, ISelectionsGrain
{
    private IDatasetsGrain Datasets => GrainFactory.GetGrain<IDatasetsGrain>(this.GetPrimaryKeyString());

    public async Task<SelectionResult> SelectAsync(string dataset, DatasetSelection query, bool dryRun, CancellationToken cancellationToken)
    {
        var (name, version) = dataset.Contains('@', StringComparison.Ordinal) ? DatasetReference.Parse(dataset) : new DatasetReference(dataset, "");
        if (version.Length > 0 && query.Branch is not null)
        {
            throw new InvalidException($"'{dataset}' names a version and the selection a branch. Take one of the two out.");
        }

        var found = await Datasets.GetAsync(name);
        var asked = version.Length > 0 && query.Versions is null ? query with { Branch = version } : query;

        // Reading rows takes long: it runs beside the grains' own turns.
        return await Task.Run(() => selections.SelectAsync(found, asked, dryRun, cancellationToken), cancellationToken);
    }

    public async Task<DatasetLabels> GetLabelsAsync(string reference, string? column)
    {
        var version = await Datasets.ResolveAsync(reference);
        return await Task.Run(() => labels.OfAsync(version, column, CancellationToken.None));
    }
}
