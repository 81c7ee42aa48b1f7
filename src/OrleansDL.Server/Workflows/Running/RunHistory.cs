using System.Text.Json;
using OrleansDL.Expressions;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows.Running;

/// <summary>A run as its journal tells it: the fold of its entries, and nothing besides.</summary>
internal sealed class RunHistory
{
    private readonly Guid _run;
    private readonly Dictionary<string, StepProgress> _steps = new(StringComparer.Ordinal);

    private RunHistory(Guid run) => _run = run;

    /// <summary>Number of the newest entry; 0 before the first.</summary>
    public long Sequence { get; private set; }
    public WorkflowRunSpec Spec { get; private set; } = null!;
    public WorkflowDefinition Definition { get; private set; } = null!;

    /// <summary>The steps, each after those it needs.</summary>
    public IReadOnlyList<StepDefinition> Order { get; private set; } = [];
    public DateTimeOffset StartedAt { get; private set; }
    public CancelRequested? Cancel { get; private set; }
    public RunFinished? Finished { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }

    public StepProgress this[string step] => _steps[step];

    public static RunHistory Of(Guid run, IEnumerable<JournalEntry> entries)
    {
        var history = new RunHistory(run);
        foreach (var entry in entries)
        {
            history.Apply(entry);
        }

        return history;
    }

    /// <summary>A history of its own with one entry more: what the run will be once that is written.</summary>
    public RunHistory With(JournalEntry entry)
    {
        var next = Copied();
        next.Apply(entry);
        return next;
    }

    public WorkflowRun ToRun() => new()
    {
        Id = _run,
        Project = Spec.Project,
        Workflow = Spec.Workflow,
        WorkflowName = Spec.WorkflowName,
        WorkflowVersion = Spec.Version,
        Status = Finished?.Status ?? (Cancel is null ? WorkflowRunStatus.Running : WorkflowRunStatus.Cancelling),
        Trigger = Spec.Trigger,
        Inputs = Spec.Inputs,
        Steps = [.. Definition.Steps.Select(ToStep)],
        Reason = Finished?.Reason ?? Cancel?.Reason,
        CreatedAt = StartedAt,
        FinishedAt = FinishedAt,
    };

    /// <summary>What expressions see.</summary>
    public Dictionary<string, Value> Variables() => new(StringComparer.Ordinal)
    {
        ["inputs"] = ValueJson.Parse(Spec.Inputs),
        ["event"] = Spec.Event is null ? Value.Nothing : ValueJson.Parse(Spec.Event),
        ["steps"] = Value.Of(_steps.ToDictionary(
            step => step.Key, step => step.Value.Output is { } output ? ValueJson.Parse(output) : Value.Nothing, StringComparer.Ordinal)),
        ["run"] = Value.Of(new Dictionary<string, Value>
        {
            ["id"] = Value.Of(_run.ToString()),
            ["workflow"] = Value.Of(Spec.WorkflowName),
            ["version"] = Value.Of(Spec.Version),
            ["trigger"] = Value.Of(Spec.Trigger),
            ["project"] = Value.Of(Spec.Project),
        }),
    };

    private static T Read<T>(JournalEntry entry) => JsonSerializer.Deserialize<T>(entry.Data, OdlJson.Options)!;

    private RunHistory Copied()
    {
        var copy = new RunHistory(_run)
        {
            Sequence = Sequence,
            Spec = Spec,
            Definition = Definition,
            Order = Order,
            StartedAt = StartedAt,
            Cancel = Cancel,
            Finished = Finished,
            FinishedAt = FinishedAt,
        };
        foreach (var (name, step) in _steps)
        {
            copy._steps[name] = step;
        }

        return copy;
    }

    private void Apply(JournalEntry entry)
    {
        Sequence = entry.Sequence;
        switch (entry.Type)
        {
            case JournalTypes.RunStarted:
                Spec = Read<WorkflowRunSpec>(entry);
                Definition = DefinitionReader.Read(Spec.Definition);
                Order = DefinitionChecker.Check(Definition);
                StartedAt = entry.Time;
                foreach (var step in Definition.Steps)
                {
                    _steps[step.Name] = new StepProgress();
                }

                break;
            case JournalTypes.CancelRequested:
                Cancel = Read<CancelRequested>(entry);
                break;
            case JournalTypes.RunFinished:
                Finished = Read<RunFinished>(entry);
                FinishedAt = entry.Time;
                break;
            default:
                _steps[entry.Step!] = Apply(_steps[entry.Step!], entry);
                break;
        }
    }

    private static StepProgress Apply(StepProgress step, JournalEntry entry)
    {
        switch (entry.Type)
        {
            case JournalTypes.StepStarted:
                var started = Read<StepStarted>(entry);
                return step with
                {
                    Status = WorkflowRunStatus.Running,
                    Attempt = started.Attempt,
                    Plan = (Value.Map)ValueJson.From(started.Plan),
                    StartedAt = step.StartedAt ?? entry.Time,
                    AttemptStartedAt = entry.Time,
                    RetryAt = null,
                    Stopping = null,
                };
            case JournalTypes.StepStopping:
                return step with { Stopping = Read<StepStopping>(entry) };
            case JournalTypes.StepRetry:
                var retry = Read<StepRetry>(entry);
                return step with
                {
                    Status = WorkflowRunStatus.New,
                    Attempt = retry.Attempt,
                    Plan = null,
                    RetryAt = retry.At,
                    Reason = retry.Reason,
                    Stopping = null,
                };
            case JournalTypes.StepFinished:
                var finished = Read<StepFinished>(entry);
                return step with
                {
                    Status = finished.Status,
                    Attempt = finished.Attempt,
                    Output = finished.Output?.GetRawText(),
                    Criteria = finished.Criteria,
                    Reason = finished.Reason,
                    Blocked = finished.Blocked,
                    FinishedAt = entry.Time,
                    RetryAt = null,
                    Stopping = null,
                };
            default:
                throw new InvalidOperationException($"The journal holds an entry '{entry.Type}', which this version does not know.");
        }
    }

    private WorkflowStep ToStep(StepDefinition definition)
    {
        var step = _steps[definition.Name];
        return new WorkflowStep
        {
            Name = definition.Name,
            Uses = definition.Uses,
            Status = step.Stopping is null ? step.Status : WorkflowRunStatus.Cancelling,
            Attempt = step.Attempt,
            StartedAt = step.StartedAt,
            FinishedAt = step.FinishedAt,
            Output = step.Output,
            Criteria = step.Criteria,
            Reason = step.Reason,
        };
    }
}
