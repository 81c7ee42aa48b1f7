using System.Globalization;
using Orleans.Concurrency;
using OrleansDL.Database;
using OrleansDL.Projects;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows;

[GrainType("workflows"), StatelessWorker]
internal sealed class WorkflowsGrain(WorkflowTables tables, ReferenceChecker references, NameTable names) : Grain, IWorkflowsGrain
{
    private string Project => this.GetPrimaryKeyString();

    public async Task<Workflow> PutAsync(Guid id, string yaml)
    {
        await names.EnsureProjectAsync(Project);
        var definition = DefinitionReader.Read(yaml);
        Guid target;
        try
        {
            target = await names.ResolveAsync(Project, ThingKind.Workflow, definition.Name);
        }
        catch (NotFoundException)
        {
            target = id;
        }

        return await GrainFactory.GetGrain<IWorkflowGrain>(target).PutAsync(Project, yaml);
    }

    public async Task<WorkflowCheck> CheckAsync(string yaml)
    {
        await names.EnsureProjectAsync(Project);
        var definition = DefinitionReader.Read(yaml);
        var order = DefinitionChecker.Check(definition);
        await references.CheckAsync(Project, definition);
        return new WorkflowCheck
        {
            Name = definition.Name,
            Steps = [.. order.Select(step => new WorkflowCheckStep { Name = step.Name, Uses = step.Uses, Needs = step.Needs })],
        };
    }

    public async Task<Workflow> GetAsync(string workflow) =>
        await GrainFactory.GetGrain<IWorkflowGrain>(await names.ResolveAsync(Project, ThingKind.Workflow, workflow)).GetAsync();

    public Task<Page<Workflow>> ListAsync(PageRequest page) => tables.ListAsync(Project, page);

    public async Task<Page<WorkflowRun>> ListRunsAsync(string? workflow, PageRequest page) => await tables.ListRunsAsync(
        Project, workflow is null ? null : await names.ResolveAsync(Project, ThingKind.Workflow, workflow), page);

    public async Task<WorkflowRun> GetRunAsync(Guid run) => await tables.FindRunAsync(run) is { } found && found.Project == Project
        ? found
        : throw NameTable.Missing(Project, ThingKind.WorkflowRun, run.ToString());

    public async Task<Page<JournalEntry>> ReadJournalAsync(Guid run, PageRequest page)
    {
        await GetRunAsync(run);
        var after = PageTokens.Decode(page.Token) is [var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
        var entries = await tables.ReadJournalAsync(run, after, page.CheckedSize() + 1);
        return entries.ToList().ToPage(page, entry => [entry.Sequence.ToString(CultureInfo.InvariantCulture)]);
    }
}
