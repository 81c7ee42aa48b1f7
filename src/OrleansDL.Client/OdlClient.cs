using OrleansDL.Blobs;
using OrleansDL.Datasets;
using OrleansDL.Events;
using OrleansDL.Identity;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Training;
using OrleansDL.UserCode;
using OrleansDL.Workflows;

namespace OrleansDL;

/// <summary>The platform over HTTP. One instance serves any number of concurrent calls.</summary>
/// <remarks>Every error a caller can act on arrives as the <see cref="OrleansDLException"/> the server threw.</remarks>
public sealed class OdlClient : IDisposable
{
    private readonly OdlConnection _connection;

    /// <param name="url">Where the server answers, for example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="token">An access token, <c>odl_...</c>; null asks only what is open to everyone.</param>
    /// <param name="project">The project whose things are meant.</param>
    /// <param name="options">Timeouts and retries.</param>
    public OdlClient(Uri url, string? token, string project = Project.Default, OdlClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentException.ThrowIfNullOrEmpty(project);
        Url = url;
        ProjectName = project;
        _connection = new OdlConnection(url, token, project, options ?? new OdlClientOptions());
        Projects = new ProjectsClient(_connection);
        Tokens = new TokensClient(_connection);
        Workers = new WorkersClient(_connection);
        Pools = new PoolsClient(_connection);
        Datasets = new DatasetsClient(_connection);
        TrainingRuns = new TrainingRunsClient(_connection);
        Models = new ModelsClient(_connection);
        Code = new CodeClient(_connection);
        Secrets = new SecretsClient(_connection);
        Lineage = new LineageClient(_connection);
        Deployments = new DeploymentsClient(_connection);
        Inference = new InferenceClient(_connection);
        Feedback = new FeedbackClient(_connection);
        Workflows = new WorkflowsClient(_connection);
        Events = new EventsClient(_connection);
        Blobs = new BlobsClient(_connection);
    }

    public Uri Url { get; }
    public string ProjectName { get; }

    public ProjectsClient Projects { get; }
    public TokensClient Tokens { get; }
    public WorkersClient Workers { get; }

    public PoolsClient Pools { get; }
    public DatasetsClient Datasets { get; }
    public TrainingRunsClient TrainingRuns { get; }
    public ModelsClient Models { get; }
    public CodeClient Code { get; }
    public SecretsClient Secrets { get; }
    public LineageClient Lineage { get; }
    public DeploymentsClient Deployments { get; }
    public InferenceClient Inference { get; }
    public FeedbackClient Feedback { get; }
    public WorkflowsClient Workflows { get; }
    public EventsClient Events { get; }
    public BlobsClient Blobs { get; }

    /// <summary>Whether the server takes requests. A server that is not there is not ready.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            using var answer = await _connection.ProbeAsync("health/ready", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _connection.Dispose();
}
