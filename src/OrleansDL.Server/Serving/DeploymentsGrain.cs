using Orleans.Concurrency;
using OrleansDL.Projects;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Serving;

[GrainType("deployments"), StatelessWorker]
internal sealed class DeploymentsGrain(DeploymentTables tables, NameTable names, Predictions predictions, ModelDirectory directory) : Grain, IDeploymentsGrain
{
    private string Project => this.GetPrimaryKeyString();

    public async Task<Deployment> CreateAsync(Guid id, DeploymentSpec spec)
    {
        await names.EnsureProjectAsync(Project);
        return await GrainFactory.GetGrain<IDeploymentGrain>(id).CreateAsync(Project, spec);
    }

    public async Task<Deployment> GetAsync(string deployment) =>
        await GrainFactory.GetGrain<IDeploymentGrain>(await names.ResolveAsync(Project, ThingKind.Deployment, deployment)).GetAsync();

    public async Task<Page<Deployment>> ListAsync(PageRequest page)
    {
        await names.EnsureProjectAsync(Project);
        var deployments = await tables.ListAsync(Project, page);
        return deployments with { Items = [.. deployments.Items.Select(directory.Complete)] };
    }

    public async Task<Prediction> PredictAsync(string deployment, PredictRequest request)
    {
        await names.EnsureProjectAsync(Project);
        var project = Project;

        // Off the grain's thread: a model in this process runs where it is called.
        return await Task.Run(() => predictions.PredictAsync(project, deployment, request, CancellationToken.None));
    }
}
