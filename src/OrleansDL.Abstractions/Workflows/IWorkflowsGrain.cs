using OrleansDL.Identity;

namespace OrleansDL.Workflows;

/// <summary>The workflows of one project. Key: the project's name. Any number of activations.</summary>
[Alias("workflows")]
public interface IWorkflowsGrain : IGrainWithStringKey
{
    /// <summary>Makes the workflow its YAML names, or gives an existing one a new version. The same definition again does nothing.</summary>
    [Alias("put"), Requires(Role.Developer)] Task<Workflow> PutAsync(Guid id, string yaml);

    /// <summary>Checks a definition without storing it.</summary>
    [Alias("check"), Requires(Role.Viewer)] Task<WorkflowCheck> CheckAsync(string yaml);
    [Alias("get"), Requires(Role.Viewer)] Task<Workflow> GetAsync(string workflow);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<Workflow>> ListAsync(PageRequest page);

    /// <summary>Newest first.</summary>
    [Alias("runs"), Requires(Role.Viewer)] Task<Page<WorkflowRun>> ListRunsAsync(string? workflow, PageRequest page);
    [Alias("run"), Requires(Role.Viewer)] Task<WorkflowRun> GetRunAsync(Guid run);
    [Alias("journal"), Requires(Role.Viewer)] Task<Page<JournalEntry>> ReadJournalAsync(Guid run, PageRequest page);
}
