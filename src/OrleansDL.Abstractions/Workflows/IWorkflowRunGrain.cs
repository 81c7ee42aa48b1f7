using OrleansDL.Identity;

namespace OrleansDL.Workflows;

/// <summary>One run of a workflow, keyed by its id: it journals every transition before it acts on it.</summary>
[Alias("workflow-run-grain")]
public interface IWorkflowRunGrain : IGrainWithGuidKey, IWakeable
{
    /// <summary>Starts the run. Repeating does nothing.</summary>
    [Alias("start")] Task<WorkflowRun> StartAsync(WorkflowRunSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<WorkflowRun> GetAsync();
    [Alias("cancel"), Requires(Role.Developer)] Task<WorkflowRun> CancelAsync();
}
