using OrleansDL.Identity;

namespace OrleansDL.Serving;

/// <summary>The deployments of one project. Key: the project's name. Any number of activations.</summary>
[Alias("deployments")]
public interface IDeploymentsGrain : IGrainWithStringKey
{
    [Alias("create"), Requires(Role.Developer)] Task<Deployment> CreateAsync(Guid id, DeploymentSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<Deployment> GetAsync(string deployment);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<Deployment>> ListAsync(PageRequest page);

    /// <summary>Raw rows through the deployment's pipeline, for Orleans clients; HTTP callers take the front's own path.</summary>
    [Alias("predict"), Requires(Role.Viewer)] Task<Prediction> PredictAsync(string deployment, PredictRequest request);
}
