using OrleansDL.Placement;

namespace OrleansDL.Serving.Residency;

[GrainType("model-host"), OnWorker]
internal sealed class ModelHostGrain(ModelHostReports reports, ModelMemory memory) : Grain, IModelHostGrain
{
    public Task<WorkerModels> GetAsync() => Task.FromResult(reports.Describe());

    public Task<ModelHost> DescribeAsync() => Task.FromResult(memory.Describe());
}
