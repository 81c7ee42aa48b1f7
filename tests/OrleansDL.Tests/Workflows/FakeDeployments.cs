using OrleansDL.Serving;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeDeployments(FakeWorld world) : IDeploymentsGrain
{
    public Task<Deployment> CreateAsync(Guid id, DeploymentSpec spec) => world.DeployAsync(id, id, spec);

    public Task<Deployment> GetAsync(string deployment) => world.Deployments.Values.FirstOrDefault(known => known.Name == deployment) is { } found
        ? Task.FromResult(found)
        : throw new NotFoundException($"There is no deployment '{deployment}'.");

    public Task<Page<Deployment>> ListAsync(PageRequest page) => throw new NotSupportedException();

    public Task<Prediction> PredictAsync(string deployment, PredictRequest request) => throw new NotSupportedException();
}
