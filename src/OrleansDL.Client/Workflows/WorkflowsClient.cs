using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Workflows;

/// <summary>Workflows of the client's project and their runs.</summary>
public sealed class WorkflowsClient
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private readonly OdlConnection _http;

    internal WorkflowsClient(OdlConnection http) => _http = http;

    public IAsyncEnumerable<Workflow> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Workflow>(Root, cancellationToken);

    /// <summary>Makes the workflow its YAML names, or gives an existing one a new version.</summary>
    public Task<Workflow> PutAsync(string yaml, CancellationToken cancellationToken = default) =>
        _http.SendAsync<Workflow>(HttpMethod.Post, Root, () => Yaml(yaml), null, cancellationToken);

    /// <summary>Checks a definition without storing it.</summary>
    public Task<WorkflowCheck> CheckAsync(string yaml, CancellationToken cancellationToken = default) =>
        _http.SendAsync<WorkflowCheck>(HttpMethod.Post, $"{Root}/check", () => Yaml(yaml), null, cancellationToken);

    public Task<Workflow> GetAsync(string workflow, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Workflow>(Of(workflow), cancellationToken);

    public Task DeleteAsync(string workflow, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(Of(workflow), null, cancellationToken);

    /// <summary>Whether triggers start runs.</summary>
    public Task<Workflow> EnableAsync(string workflow, bool enabled, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Workflow>($"{Of(workflow)}/{(enabled ? "enable" : "disable")}", null, cancellationToken);

    /// <summary>Starts a run by hand.</summary>
    public Task<WorkflowRun> StartAsync(string workflow, JsonElement? inputs = null, CancellationToken cancellationToken = default) =>
        _http.PostAsync<WorkflowRun>($"{Of(workflow)}/runs", new { inputs }, cancellationToken);

    /// <summary>Newest first; <paramref name="workflow"/> null for all workflows.</summary>
    public IAsyncEnumerable<WorkflowRun> ListRunsAsync(string? workflow = null, CancellationToken cancellationToken = default) =>
        _http.ListAsync<WorkflowRun>(workflow is null ? Runs : $"{Of(workflow)}/runs", cancellationToken);

    public Task<WorkflowRun> GetRunAsync(string run, CancellationToken cancellationToken = default) =>
        _http.GetAsync<WorkflowRun>(OfRun(run), cancellationToken);

    public Task<WorkflowRun> CancelRunAsync(string run, CancellationToken cancellationToken = default) =>
        _http.PostAsync<WorkflowRun>($"{OfRun(run)}/cancel", null, cancellationToken);

    public IAsyncEnumerable<JournalEntry> ReadJournalAsync(string run, CancellationToken cancellationToken = default) =>
        _http.ListAsync<JournalEntry>($"{OfRun(run)}/journal", cancellationToken);

    /// <summary>Waits until the run has ended, and answers how.</summary>
    public async Task<WorkflowRun> WaitAsync(string run, IProgress<WorkflowRun>? progress = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var now = await GetRunAsync(run, cancellationToken);
            progress?.Report(now);
            if (now.Status is not (WorkflowRunStatus.New or WorkflowRunStatus.Running or WorkflowRunStatus.Cancelling))
            {
                return now;
            }

            await Task.Delay(Glance, _http.Time, cancellationToken);
        }
    }

    private string Root => $"{_http.Project}/workflows";
    private string Runs => $"{_http.Project}/workflow-runs";

    private static ByteArrayContent Yaml(string yaml) => new(Encoding.UTF8.GetBytes(yaml))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/yaml") },
    };

    private string Of(string workflow) => $"{Root}/{OdlConnection.Escape(workflow)}";
    private string OfRun(string run) => $"{Runs}/{OdlConnection.Escape(run)}";
}
