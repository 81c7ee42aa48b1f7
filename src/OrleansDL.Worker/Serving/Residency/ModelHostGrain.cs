using OrleansDL.Placement;

namespace OrleansDL.Serving.Residency;

[GrainType("model-host"), OnWorker]
internal sealed class ModelHostGrain(ModelHostReports reports, ModelMemory memory, ModelCopies copies) : Grain, IModelHostGrain
{
    public Task<WorkerModels> GetAsync() => Task.FromResult(reports.Describe());

    public Task MoveAwayAsync()
    {
        copies.MoveAway();
        return Task.CompletedTask;
    }

    public Task<ModelHost> DescribeAsync() => Task.FromResult(memory.Describe());
}
