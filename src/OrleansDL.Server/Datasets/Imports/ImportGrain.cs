using Microsoft.Extensions.Logging;
using OrleansDL.Events;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.Imports;

[GrainType("import")]
internal sealed partial class ImportGrain(
    [PersistentState("state")] IPersistentState<ImportState> state, ImportTable table, ImportJobs jobs, WakeUps wakeUps, EventLog events, TimeProvider time, ILogger<ImportGrain> logger)
    : Grain, IImportGrain
{
    // Who works on it may die: it is looked after this often.
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(5);

    private Guid Id => this.GetPrimaryKey();

    public async Task<DatasetImport> StartAsync(Dataset dataset, ImportSpec spec, string author)
    {
        if (state.State.Import is null)
        {
            await wakeUps.ArmAsync(this);
            await WriteAsync(new ImportState
            {
                Project = dataset.Project,
                Import = new DatasetImport
                {
                    Id = Id, Dataset = dataset.Id, Spec = spec, Status = ImportStatus.Running, Author = author, CreatedAt = time.GetUtcNow(),
                },
            });
            await ActAsync();
            LogStarted(Id, spec.Source, dataset.Name);
        }

        return await GetAsync();
    }

    public async Task<DatasetImport> GetAsync() => state.State.Import is { } import
        ? await table.FindAsync(Id) ?? import
        : throw new NotFoundException($"There is no import {Id}. GET .../imports lists them.");

    public async Task<DatasetImport> CancelAsync()
    {
        if (state.State.Import is { Status: ImportStatus.Running } import)
        {
            await EndAsync(import with { Status = ImportStatus.Cancelled, FinishedAt = time.GetUtcNow() });
            LogCancelled(Id);
        }

        return await GetAsync();
    }

    public async Task FinishAsync(ImportOutcome outcome)
    {
        if (state.State.Import is { Status: ImportStatus.Running } import)
        {
            await EndAsync(import with
            {
                Status = outcome.Version is null ? ImportStatus.Failed : ImportStatus.Completed,
                Version = outcome.Version,
                Error = outcome.Error,
                FinishedAt = time.GetUtcNow(),
            });
            LogFinished(Id, import.Spec.Source, state.State.Import!.Status, outcome.Error);
        }
    }

    public Task WakeAsync(string name, string? payload) => ActAsync();

    private async Task EndAsync(DatasetImport over)
    {
        await wakeUps.ArmAsync(this);
        await WriteAsync(state.State with { Import = over });
        await ActAsync();
    }

    /// <summary>Brings table, work and events to what the state says. May be repeated at any time.</summary>
    private async Task ActAsync()
    {
        if (state.State is not { Project: { } project, Import: { } import })
        {
            return;
        }

        await table.WriteAsync(project, import);
        if (import.Status is ImportStatus.Running)
        {
            jobs.Begin(import, project);
            await wakeUps.ArmAsync(this, after: Watch);
            return;
        }

        jobs.Stop(Id);
        await events.AppendAsync(Id, project, EventTypes.DatasetImportFinished, import.Dataset, new
        {
            import = Id, dataset = import.Dataset, source = import.Spec.Source, status = import.Status, version = import.Version, error = import.Error,
        });
        await table.ClearAsync(Id);
        jobs.Forget(Id);
        await wakeUps.DisarmAsync(this);
    }

    private async Task WriteAsync(ImportState next)
    {
        state.State = next;
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // Memory never runs ahead of storage.
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Import {Import} of {Source} into dataset {Dataset} was started")]
    private partial void LogStarted(Guid import, string source, string dataset);

    [LoggerMessage(LogLevel.Information, "Import {Import} was cancelled")]
    private partial void LogCancelled(Guid import);

    [LoggerMessage(LogLevel.Information, "Import {Import} of {Source} is {Status} {Error}")]
    private partial void LogFinished(Guid import, string source, ImportStatus status, string? error);
}
