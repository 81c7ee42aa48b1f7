using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Timing;
using OrleansDL.Training;
using OrleansDL.Workflows;

namespace OrleansDL.Tests.Workflows;

public sealed class WorkflowTriggerTests(WorkflowNode node) : IClassFixture<WorkflowNode>, IAsyncLifetime
{
    private readonly WorkflowNode _node = node;

    private FakeWorld World => _node.World;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _node.ResetAsync();

    [Fact]
    public async Task A_schedule_starts_runs_until_it_is_disabled()
    {
        await _node.PutAsync(Train("  - cron: \"* * * * * *\"\n"));
        var runs = await _node.UntilAsync(() => _node.Workflows.ListRunsAsync("w", PageRequest.First), page => page.Items.Count >= 2);
        Assert.All(runs.Items, run => Assert.StartsWith("cron:", run.Trigger, StringComparison.Ordinal));
        Assert.Equal(runs.Items.Count, runs.Items.Select(run => run.Trigger).Distinct().Count());
        Assert.False((await (await GrainAsync()).EnableAsync(false)).Enabled);
    }

    [Fact]
    public async Task Commits_in_quick_succession_start_one_run_for_the_last()
    {
        await _node.PutAsync(Train("  - dataset: digits\n    debounce: 700ms\n"));
        await World.CommitAsync("digits", 1);
        await World.CommitAsync("digits", 2);
        var last = await World.CommitAsync("digits", 3);
        Assert.Equal($"event:{last}", (await _node.EndedAsync("w")).Trigger);
    }

    [Fact]
    public async Task A_trigger_hears_its_branch_alone_and_main_if_it_names_none()
    {
        await _node.PutAsync(Train("  - dataset: digits\n"));
        await World.CommitAsync("digits", 1, branch: "dev");
        var heard = await World.CommitAsync("digits", 1);
        Assert.Equal($"event:{heard}", (await _node.EndedAsync("w")).Trigger);

        await _node.PutAsync(Train("  - dataset: digits\n    branch: dev\n"));
        await World.CommitAsync("digits", 1);
        var dev = await World.CommitAsync("digits", 1, branch: "dev");
        var runs = await _node.UntilAsync(() => _node.Workflows.ListRunsAsync("w", PageRequest.First), page => page.Items.Count(run => run.FinishedAt is not null) == 2);
        Assert.Equal([$"event:{dev}", $"event:{heard}"], runs.Items.Select(run => run.Trigger));
    }

    [Fact]
    public async Task A_commit_told_late_is_judged_by_the_triggers_of_its_time()
    {
        var wakeUps = _node.Services.GetRequiredService<WakeUps>();
        await _node.PutAsync(Train("  - dataset: digits\n"));
        var grain = await GrainAsync();
        var before = await World.CommitAsync("digits", 1, branch: "dev");
        await wakeUps.ArmAsync(grain, $"event:{before}", TimeSpan.FromHours(1), before.ToString());
        await _node.PutAsync(Train("  - dataset: digits\n    branch: dev\n"));
        await wakeUps.ArmAsync(grain, $"event:{before}", payload: before.ToString());
        var after = await World.CommitAsync("digits", 1, branch: "dev");
        await _node.UntilAsync(() => wakeUps.PendingAsync(grain, "event:"), pending => pending.Count == 0);
        var runs = await _node.Workflows.ListRunsAsync("w", PageRequest.First);
        Assert.Equal([$"event:{after}"], runs.Items.Select(run => run.Trigger));
    }

    [Fact]
    public async Task A_disabled_workflow_hears_nothing()
    {
        await _node.PutAsync(Train("  - dataset: digits\n"));
        await (await GrainAsync()).EnableAsync(false);
        await World.CommitAsync("digits", 1);
        await (await GrainAsync()).EnableAsync(true);
        var heard = await World.CommitAsync("digits", 1);
        Assert.Equal($"event:{heard}", (await _node.EndedAsync("w")).Trigger);
    }

    [Fact]
    public async Task Runs_over_the_limit_wait_for_their_turn()
    {
        await _node.PutAsync(Train("  - dataset: digits\n", "concurrency: { limit: 1 }\n"));
        var usual = World.Outcome;
        World.Outcome = (_, _) => null;
        await World.CommitAsync("digits", 1);
        await World.CommitAsync("digits", 2);
        var first = await _node.UntilAsync(() => Task.FromResult(World.Runs.Values.ToList()), runs => runs.Count == 1);
        await Assert.ThrowsAsync<ConflictException>(async () => await (await GrainAsync()).StartAsync(Guid.CreateVersion7(), null));

        World.Outcome = usual;
        await World.EndAsync(usual(first[0].Spec, first[0])!);
        var ended = await _node.UntilAsync(() => _node.Workflows.ListRunsAsync("w", PageRequest.First), page => page.Items.Count(run => run.FinishedAt is not null) == 2);
        Assert.True(ended.Items[0].CreatedAt >= ended.Items[1].FinishedAt);
    }

    [Fact]
    public async Task A_new_run_replaces_the_one_before_it()
    {
        await _node.PutAsync(Train("  - dataset: digits\n", "concurrency: { limit: 1, onConflict: replace }\n"));
        var usual = World.Outcome;
        World.Outcome = (_, _) => null;
        await World.CommitAsync("digits", 1);
        await _node.UntilAsync(() => Task.FromResult(World.Runs.Count), count => count == 1);
        World.Outcome = usual;
        await World.CommitAsync("digits", 2);
        var ended = await _node.UntilAsync(() => _node.Workflows.ListRunsAsync("w", PageRequest.First), page => page.Items.Count(run => run.FinishedAt is not null) == 2);
        Assert.Equal([WorkflowRunStatus.Succeeded, WorkflowRunStatus.Cancelled], ended.Items.Select(run => run.Status));
        Assert.Single(World.Trained, run => run.Status == RunStatus.Cancelled);
    }

    [Fact]
    public async Task A_run_over_the_limit_can_be_skipped()
    {
        await _node.PutAsync(Train("  - dataset: digits\n    when: event.rowsAdded < 10\n  - dataset: digits-golden\n", "concurrency: { limit: 1, onConflict: skip }\n"));
        var usual = World.Outcome;
        World.Outcome = (_, _) => null;
        await World.CommitAsync("digits", 1);
        var first = await _node.UntilAsync(() => Task.FromResult(World.Runs.Values.ToList()), runs => runs.Count == 1);
        var skipped = await World.CommitAsync("digits-golden", 1);
        await (await GrainAsync()).WakeAsync($"event:{skipped}", skipped.ToString());
        World.Outcome = usual;
        await World.EndAsync(usual(first[0].Spec, first[0])!);
        Assert.Equal(WorkflowRunStatus.Succeeded, (await _node.EndedAsync("w")).Status);
    }

    [Fact]
    public async Task A_workflow_with_a_run_going_is_not_deleted()
    {
        var workflow = await _node.PutAsync(Train("  - dataset: digits\n"));
        World.Outcome = (_, _) => null;
        var run = await (await GrainAsync()).StartAsync(Guid.CreateVersion7(), null);
        await Assert.ThrowsAsync<ConflictException>(async () => await (await GrainAsync()).DeleteAsync(null));
        await _node.Grains.GetGrain<IWorkflowRunGrain>(run.Id).CancelAsync();
        await _node.EndedAsync(run.Id);
        await _node.Grains.GetGrain<IWorkflowGrain>(workflow.Id).DeleteAsync(null);
        await Assert.ThrowsAsync<NotFoundException>(() => _node.Workflows.GetRunAsync(run.Id));
        Assert.NotEqual(workflow.Id, (await _node.PutAsync(Train("  - dataset: digits\n"))).Id);
    }

    private static string Train(string triggers, string more = "") =>
        $"apiVersion: orleansdl/v1\nkind: Workflow\nname: w\n{more}triggers:\n{triggers}steps:\n  train:\n    uses: train.run@1\n    with: {{ dataset: digits, network: {{ family: mlp }} }}\n";

    private async Task<IWorkflowGrain> GrainAsync() => _node.Grains.GetGrain<IWorkflowGrain>((await _node.Workflows.GetAsync("w")).Id);
}
