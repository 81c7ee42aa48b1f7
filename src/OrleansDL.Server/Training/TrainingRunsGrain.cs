using Orleans.Concurrency;
using OrleansDL.Datasets;
using OrleansDL.Projects;

namespace OrleansDL.Training;

[GrainType("training-runs"), StatelessWorker]
internal sealed class TrainingRunsGrain(TrainingTables tables, NameTable names) : Grain, ITrainingRunsGrain
{
    private string Project => this.GetPrimaryKeyString();

    public async Task<TrainingRun> CreateAsync(Guid id, TrainingSpec spec)
    {
        await names.EnsureProjectAsync(Project);
        return await GrainFactory.GetGrain<ITrainingRunGrain>(id).CreateAsync(Project, spec);
    }

    public async Task CheckAsync(TrainingSpec spec)
    {
        await names.EnsureProjectAsync(Project);
        await RunPlan.MakeAsync(GrainFactory, Project, spec);
    }

    public async Task<TrainingCheck> SummarizeAsync(TrainingSpec spec)
    {
        await names.EnsureProjectAsync(Project);
        var plan = await RunPlan.MakeAsync(GrainFactory, Project, spec);
        var statistics = spec.Network is null ? [] : await GrainFactory.GetGrain<IDatasetsGrain>(Project).GetStatisticsAsync($"{plan.Dataset.DatasetName}@{plan.Dataset.Commit}");
        return NetworkCheck.Of(spec, plan.Dataset, statistics);
    }

    public async Task<TrainingRun> GetAsync(string run) =>
        await GrainFactory.GetGrain<ITrainingRunGrain>(await ResolveAsync(run)).GetAsync();

    public async Task<Page<TrainingRun>> ListAsync(RunStatus? status, PageRequest page)
    {
        await names.EnsureProjectAsync(Project);
        return await tables.ListAsync(Project, status, page);
    }

    public async Task<Page<MetricPoint>> ListMetricsAsync(string run, string? name, PageRequest page) =>
        await tables.ListMetricsAsync(await ResolveAsync(run), name, page);

    public async Task<Page<LogLine>> ListLogsAsync(string run, PageRequest page) =>
        await tables.ListLogAsync(await ResolveAsync(run), page);

    private Task<Guid> ResolveAsync(string run) => names.ResolveAsync(Project, ThingKind.TrainingRun, run);
}
