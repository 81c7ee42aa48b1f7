using OrleansDL.Identity;

namespace OrleansDL.Workflows;

/// <summary>One workflow, keyed by its id: its versions and triggers.</summary>
[Alias("workflow-grain")]
public interface IWorkflowGrain : IGrainWithGuidKey, IWakeable
{
    [Alias("put")] Task<Workflow> PutAsync(string project, string yaml);
    [Alias("get"), Requires(Role.Viewer)] Task<Workflow> GetAsync();

    /// <summary>Starts a run by hand. <paramref name="run"/> makes a repeat harmless.</summary>
    [Alias("start"), Requires(Role.Developer)] Task<WorkflowRun> StartAsync(Guid run, string? inputs);
    [Alias("enable"), Requires(Role.Developer)] Task<Workflow> EnableAsync(bool enabled);
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string? ifMatch);
}
