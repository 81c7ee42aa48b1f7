using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>Turns the selection of a spec into the snapshot that the run trains on.</summary>
internal static class RunSelection
{
    /// <summary>The spec with its dataset naming the snapshot, made now if it was not there. Reading rows may take long, so it is done before a run has its turn.</summary>
    public static async Task<TrainingSpec> ResolveAsync(IGrainFactory grains, string project, TrainingSpec spec)
    {
        if (spec.Selection is not { } selection)
        {
            return spec;
        }

        TrainingSpecRules.Check(spec);
        var result = await grains.GetGrain<ISelectionsGrain>(project).SelectAsync(spec.Dataset, selection, dryRun: false);
        return spec with { Dataset = $"{result.Version!.DatasetName}@{result.Version.Commit}" };
    }

    /// <summary>Counts what would be selected, writing nothing; the rest of the spec is then checked on the dataset itself.</summary>
    public static async Task<TrainingSpec> CheckAsync(IGrainFactory grains, string project, TrainingSpec spec)
    {
        if (spec.Selection is { } selection)
        {
            await grains.GetGrain<ISelectionsGrain>(project).SelectAsync(spec.Dataset, selection, dryRun: true);
        }

        return spec with { Selection = null };
    }
}
