using System.Text.Json;
using OrleansDL.Expressions;
using OrleansDL.Workflows.Definitions;
using OrleansDL.Workflows.Steps;

namespace OrleansDL.Workflows.Running;

/// <summary>Decides a step's next journal entry. It writes nothing itself: what it answers is journaled before anyone acts on it.</summary>
internal sealed class StepRunner(StepActions actions, TimeProvider time)
{
    /// <summary>How long an attempt may take when the workflow does not say.</summary>
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromDays(7);

    /// <summary>For a step that is not running: whether it begins, ends unbegun, or waits (null).</summary>
    public async Task<object?> BeginAsync(Guid run, RunHistory history, StepDefinition step)
    {
        var progress = history[step.Name];
        var needs = step.Needs.Select(need => (Name: need, Progress: history[need])).ToList();
        if (needs.Any(need => !need.Progress.HasEnded) || progress.RetryAt > time.GetUtcNow())
        {
            return null;
        }

        if (needs.Find(need => !need.Progress.IsSatisfied) is { Name: not null } failed)
        {
            return new StepFinished(WorkflowRunStatus.Skipped)
            {
                Blocked = true,
                Reason = $"Step '{failed.Name}' {(failed.Progress.Status == WorkflowRunStatus.Skipped ? "was skipped" : $"was {failed.Progress.Status.ToString().ToLowerInvariant()}")}.",
            };
        }

        var variables = history.Variables();
        try
        {
            if (progress.Attempt == 0 && step.If is not null && !Holds(step, variables))
            {
                return new StepFinished(WorkflowRunStatus.Skipped) { Reason = $"'{step.If.Text}' is false." };
            }

            var with = (Value.Map)step.With.Evaluate(variables, time.GetUtcNow());
            var plan = await actions[step.Uses].PrepareAsync(history.Spec.Project, run, step.Name, with);
            return new StepStarted(progress.Attempt + 1, ToJson(plan));
        }
        catch (OrleansDLException problem)
        {
            return AfterFailure(step, progress.Attempt + 1, KindOf(problem), problem.Message);
        }
    }

    /// <summary>For a running step: its end, if it has come.</summary>
    public async Task<object?> AdvanceAsync(Guid run, RunHistory history, StepDefinition step)
    {
        var progress = history[step.Name];
        var action = actions[step.Uses];
        var attempt = Attempt(run, history, step);
        if (progress.Stopping is { } stopping)
        {
            return await action.StopAsync(attempt)
                ? stopping.Kind == StepStopping.Cancel
                    ? new StepFinished(WorkflowRunStatus.Cancelled) { Attempt = attempt.Number, Reason = stopping.Reason }
                    : AfterFailure(step, attempt.Number, stopping.Kind, stopping.Reason)
                : null;
        }

        if (history.Cancel is { } cancel)
        {
            return new StepStopping(attempt.Number, StepStopping.Cancel, cancel.Reason);
        }

        var timeout = step.Timeout ?? LongestAttempt;
        if (progress.AttemptStartedAt + timeout <= time.GetUtcNow())
        {
            return new StepStopping(attempt.Number, "timeout", $"Attempt {attempt.Number} took longer than {DurationText.Format(timeout)}.");
        }

        try
        {
            var result = await action.AdvanceAsync(attempt);
            return result is null ? null
                : result.Output is { } output ? Conclude(history, step, attempt.Number, output)
                : AfterFailure(step, attempt.Number, "error", result.Reason!);
        }
        catch (OrleansDLException problem)
        {
            return new StepStopping(attempt.Number, KindOf(problem), problem.Message);
        }
    }

    /// <summary>When a step must be looked at although nothing tells of it.</summary>
    public static DateTimeOffset? NextLook(RunHistory history, StepDefinition step)
    {
        var progress = history[step.Name];
        return progress.Status is WorkflowRunStatus.Running
            ? progress.AttemptStartedAt + (step.Timeout ?? LongestAttempt)
            : progress.HasEnded ? null : progress.RetryAt;
    }

    public IEnumerable<(string Type, Guid Subject)> Awaits(Guid run, RunHistory history, StepDefinition step) =>
        history[step.Name].Status is WorkflowRunStatus.Running ? actions[step.Uses].Awaits(Attempt(run, history, step)) : [];

    private static StepAttempt Attempt(Guid run, RunHistory history, StepDefinition step) =>
        new(history.Spec.Project, run, step.Name, history[step.Name].Attempt, history[step.Name].Plan!);

    private bool Holds(StepDefinition step, Dictionary<string, Value> variables)
    {
        try
        {
            return step.If!.Evaluate(variables, time.GetUtcNow()).Value is Value.Bool b
                ? b.Is
                : throw step.Places["if"].Wrong($"'{step.If.Text}' came to no truth value.");
        }
        catch (ExpressionException problem)
        {
            throw step.Places["if"].Wrong($"{problem.Message} in '{step.If!.Text}'.");
        }
    }

    private StepFinished Conclude(RunHistory history, StepDefinition step, int attempt, Value.Map output)
    {
        var verdicts = Judge.All(step, history.Variables(), output, time.GetUtcNow());
        var end = new StepFinished(WorkflowRunStatus.Succeeded)
        {
            Attempt = attempt,
            Output = ToJson(output),
            Criteria = [.. verdicts.Select(verdict => verdict.Result)],
        };
        if (verdicts.FirstOrDefault(verdict => !verdict.IsDecided) is { } undecided)
        {
            return end with { Status = WorkflowRunStatus.Failed, Reason = $"Criterion '{undecided.Result.Name}' could not be judged: {undecided.Result.Error}." };
        }

        var broken = verdicts.Where(verdict => !verdict.Result.Passed).Select(verdict => $"'{verdict.Result.Name}' ({verdict.Result.Expression})").ToList();
        return broken.Count == 0
            ? end
            : end with { Status = WorkflowRunStatus.Rejected, Reason = $"{(broken.Count == 1 ? "Criterion does" : "Criteria do")} not hold: {string.Join(", ", broken)}." };
    }

    private object AfterFailure(StepDefinition step, int attempt, string kind, string reason) =>
        attempt <= step.Retry.Max && step.Retry.On.Contains(kind, StringComparer.Ordinal)
            ? new StepRetry(attempt, kind, reason, time.GetUtcNow() + step.Retry.After(attempt))
            : new StepFinished(WorkflowRunStatus.Failed) { Attempt = attempt, Reason = reason };

    private static string KindOf(OrleansDLException problem) => problem.Status >= 500 ? "infra" : "error";

    private static JsonElement ToJson(Value value) => JsonSerializer.Deserialize<JsonElement>(ValueJson.Write(value), OdlJson.Options);
}
