using OrleansDL.Serving;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeDeployment(FakeWorld world, Guid id) : IDeploymentGrain
{
    public Task<Deployment> UpdateAsync(Guid changeId, DeploymentSpec spec, string? ifMatch) => world.DeployAsync(id, changeId, spec);

    public Task<Deployment> CreateAsync(string project, DeploymentSpec spec) => throw new NotSupportedException();

    public Task<Deployment> GetAsync() => throw new NotSupportedException();

    public Task<long> CombineAsync(long generation, IReadOnlyList<long> steps) => throw new NotSupportedException();

    public Task<Summoned> SummonAsync(long generation, bool awaited) => throw new NotSupportedException();

    public Task<bool> ScaleAsync(long generation, string worker, bool more) => throw new NotSupportedException();

    public Task DeleteAsync(string? ifMatch) => throw new NotSupportedException();

    public Task WakeAsync(string name, string? payload) => throw new NotSupportedException();

    public Task ReportAsync(long generation, ReplicaTrouble trouble) => throw new NotSupportedException();
}
