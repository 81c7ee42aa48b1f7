using System.Text.Json;
using Dapper;
using OrleansDL.Events;
using OrleansDL.Serving;
using OrleansDL.Training;
using OrleansDL.Workflows;

namespace OrleansDL.Tests.Workflows;

public sealed class WorkflowRunTests(WorkflowNode node) : IClassFixture<WorkflowNode>, IAsyncLifetime
{
    private readonly WorkflowNode _node = node;

    private FakeWorld World => _node.World;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _node.ResetAsync();

    [Fact]
    public async Task A_commit_alone_trains_judges_and_deploys_once()
    {
        var workflow = await _node.PutAsync(DigitsWorkflow.Yaml);
        var commit = await World.CommitAsync("digits", rowsAdded: 100);
        var run = await _node.EndedAsync("digits");

        Assert.Equal(WorkflowRunStatus.Succeeded, run.Status);
        Assert.Equal($"event:{commit}", run.Trigger);
        var trained = Assert.Single(World.Trained);
        Assert.Equal("digits@v3", trained.Spec.Dataset);
        Assert.Equal((5, 7, "cnn"), (trained.Spec.Epochs, trained.Spec.Seed, trained.Spec.Network!.Family));
        Assert.Equal([8, 16], trained.Spec.Network.Channels!);
        Assert.Equal("epochs 5", trained.Spec.Parameters!["note"]);
        var evaluated = Assert.Single(World.Evaluated);
        Assert.Equal(("digits@1", "digits-golden@v3"), (evaluated.Spec.Model, evaluated.Spec.Dataset));
        Assert.Equal(1, Assert.Single(World.Deployments.Values).ServingVersion);
        Assert.Equal(1, World.Aliases["production"]);

        var judged = run.Steps[1];
        Assert.All(judged.Criteria, criterion => Assert.True(criterion.Passed));
        Assert.Equal("0.95", judged.Criteria[1].Operands["candidate.accuracy"]);
        Assert.Equal("null", judged.Criteria[0].Operands["baseline"]);
        var output = JsonSerializer.Deserialize<JsonElement>(run.Steps[2].Output!);
        Assert.Equal(1, output.GetProperty("modelVersion").GetInt64());

        var journal = await _node.Workflows.ReadJournalAsync(run.Id, PageRequest.First);
        Assert.Equal(
            ["run-started", "step-started", "step-finished", "step-started", "step-finished", "step-started", "step-finished", "run-finished"],
            journal.Items.Select(entry => entry.Type));
        var finished = (await _node.UntilAsync(() => _node.Events.ReadAsync(FakeWorld.Project, 0, 1000), events => events.Any(e => e.Subject == run.Id)))
            .Single(e => e.Subject == run.Id);
        Assert.Equal(EventTypes.WorkflowRunFinished, finished.Type);

        // Told again, the same commit starts nothing.
        await _node.Grains.GetGrain<IWorkflowGrain>(workflow.Id).WakeAsync($"event:{commit}", commit.ToString());
        await _node.Grains.GetGrain<IWorkflowRunGrain>(run.Id).WakeAsync("act", null);
        Assert.Single((await _node.Workflows.ListRunsAsync("digits", PageRequest.First)).Items);
        Assert.Single(World.Changes);
    }

    [Fact]
    public async Task A_deployment_keeps_what_it_was_told_by_others()
    {
        var batching = new BatchingSpec { MaximumBatchSize = 16, PreferredBatchSizes = [4, 8] };
        await World.DeployAsync(Guid.CreateVersion7(), Guid.CreateVersion7(), new DeploymentSpec { Name = "digits", Model = "digits@0", Batching = batching });
        await _node.PutAsync(DigitsWorkflow.Yaml);
        await World.CommitAsync("digits", rowsAdded: 100);
        Assert.Equal(WorkflowRunStatus.Succeeded, (await _node.EndedAsync("digits")).Status);
        var deployment = Assert.Single(World.Deployments.Values);
        Assert.Equal((1, 16), (deployment.ServingVersion, deployment.Batching!.MaximumBatchSize));
        Assert.Equal(batching.PreferredBatchSizes, deployment.Batching.PreferredBatchSizes);
    }

    [Fact]
    public async Task The_next_model_is_judged_against_the_one_in_production_and_replaces_it_only_if_it_is_better()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        var accuracies = new Dictionary<string, double> { ["digits@1"] = 0.95, ["digits@2"] = 0.97, ["digits@3"] = 0.96 };
        World.Outcome = (spec, run) => run with
        {
            Status = RunStatus.Completed,
            Metrics = new Dictionary<string, double> { ["accuracy"] = spec.Model is { } model ? accuracies[model] : 0.5 },
        };
        var runs = new List<WorkflowRun>();
        for (var round = 0; round < 3; round++)
        {
            var started = await StartAsync("digits");
            runs.Add(await _node.EndedAsync(started.Id));
        }

        Assert.Equal([WorkflowRunStatus.Succeeded, WorkflowRunStatus.Succeeded, WorkflowRunStatus.Rejected], runs.Select(run => run.Status));
        Assert.Equal("0.95", runs[1].Steps[1].Criteria[0].Operands["baseline.accuracy"]);
        Assert.Equal(WorkflowRunStatus.Skipped, runs[2].Steps[2].Status);
        Assert.Contains("'better'", runs[2].Reason, StringComparison.Ordinal);
        Assert.Equal(2, World.Aliases["production"]);
        Assert.Equal(2, Assert.Single(World.Deployments.Values).ServingVersion);
        Assert.Equal(2, World.Changes.Count);
    }

    [Fact]
    public async Task A_commit_for_which_the_condition_is_false_starts_nothing()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        await World.CommitAsync("digits", rowsAdded: 99);
        await World.CommitAsync("digits-golden", rowsAdded: 500);
        await World.CommitAsync("digits", rowsAdded: 100);
        Assert.Equal(WorkflowRunStatus.Succeeded, (await _node.EndedAsync("digits")).Status);
        Assert.Single(World.Trained);
    }

    [Theory]
    [InlineData("loss", 0.1, WorkflowRunStatus.Failed, "has no 'accuracy'")]
    [InlineData("accuracy", double.NaN, WorkflowRunStatus.Rejected, "do not hold|does not hold")]
    [InlineData("accuracy", 0.5, WorkflowRunStatus.Rejected, "does not hold")]
    public async Task A_missing_metric_fails_the_step_and_a_bad_one_rejects_it(string metric, double value, WorkflowRunStatus status, string reason)
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        World.Outcome = (_, run) => run with { Status = RunStatus.Completed, Metrics = new Dictionary<string, double> { [metric] = value } };
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal(status, run.Status);
        Assert.Equal(status, run.Steps[1].Status);
        Assert.Matches(reason, run.Reason!);
        Assert.Empty(World.Changes);
    }

    [Fact]
    public async Task A_failed_attempt_is_made_again_under_a_new_number()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        var first = 0;
        var usual = World.Outcome;
        World.Outcome = (spec, run) => spec.Program == TrainingProgram.Train && Interlocked.Exchange(ref first, 1) == 0
            ? run with { Status = RunStatus.Failed, Reason = "The loss is NaN at step 3." }
            : usual(spec, run);
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal(WorkflowRunStatus.Succeeded, run.Status);
        Assert.Equal(2, run.Steps[0].Attempt);
        Assert.Equal(2, World.Trained.Count());
        var journal = await _node.Workflows.ReadJournalAsync(run.Id, PageRequest.First);
        Assert.Contains("The loss is NaN at step 3.", journal.Items.Single(entry => entry.Type == "step-retry").Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_succeed_fails_with_its_reason_and_the_rest_is_skipped()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml.Replace("family: cnn", "family: nosuch", StringComparison.Ordinal));
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal(WorkflowRunStatus.Failed, run.Status);
        Assert.Contains("no network family 'nosuch'", run.Reason, StringComparison.Ordinal);
        Assert.Equal([WorkflowRunStatus.Failed, WorkflowRunStatus.Skipped, WorkflowRunStatus.Skipped], run.Steps.Select(step => step.Status));
        Assert.Empty(World.Runs);
    }

    [Fact]
    public async Task An_attempt_over_its_time_is_stopped()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml.Replace("timeout: 1h, retry: { max: 1,", "timeout: 200ms, retry: { max: 0,", StringComparison.Ordinal));
        World.Outcome = (_, _) => null;
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal(WorkflowRunStatus.Failed, run.Status);
        Assert.Contains("took longer than 0.2s", run.Reason, StringComparison.Ordinal);
        Assert.Single(World.Cancelled);
    }

    [Fact]
    public async Task A_run_over_its_deadline_is_stopped()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml.Replace("deadline: 2h", "deadline: 300ms", StringComparison.Ordinal));
        World.Outcome = (_, _) => null;
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal(WorkflowRunStatus.Failed, run.Status);
        Assert.Contains("deadline of 0.3s", run.Reason, StringComparison.Ordinal);
        Assert.Single(World.Cancelled);
    }

    [Fact]
    public async Task Cancelling_stops_the_training_run_and_ends_every_step()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        World.Outcome = (_, _) => null;
        var started = await StartAsync("digits");
        await _node.UntilAsync(() => Task.FromResult(World.Runs.Count), count => count == 1);
        Assert.Equal(WorkflowRunStatus.Cancelling, (await _node.Grains.GetGrain<IWorkflowRunGrain>(started.Id).CancelAsync()).Status);
        var run = await _node.EndedAsync(started.Id);
        Assert.Equal(WorkflowRunStatus.Cancelled, run.Status);
        Assert.All(run.Steps, step => Assert.Equal(WorkflowRunStatus.Cancelled, step.Status));
        Assert.Equal(World.Runs.Keys, World.Cancelled);
    }

    [Fact]
    public async Task A_step_whose_condition_is_false_is_skipped_and_counts_as_done()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml.Replace("  judge:\n", "  judge:\n    if: inputs.epochs > 100\n", StringComparison.Ordinal)
            .Replace("${{ steps.judge.model }}", "'${{ steps.judge == null ? steps.train.model : steps.judge.model }}'", StringComparison.Ordinal));
        var run = await _node.EndedAsync((await StartAsync("digits")).Id);
        Assert.Equal([WorkflowRunStatus.Succeeded, WorkflowRunStatus.Skipped, WorkflowRunStatus.Succeeded], run.Steps.Select(step => step.Status));
        Assert.Equal(WorkflowRunStatus.Succeeded, run.Status);
    }

    [Fact]
    public async Task A_write_that_fails_anywhere_in_the_journal_is_made_up_for_and_nothing_happens_twice()
    {
        const int Entries = 8;
        var workflow = await _node.PutAsync(DigitsWorkflow.Yaml.Replace("deployment: digits", "deployment: digits-${{ run.id }}", StringComparison.Ordinal));
        var grain = _node.Grains.GetGrain<IWorkflowGrain>(workflow.Id);
        await using var connection = await _node.Db.OpenAsync();
        await connection.ExecuteAsync("CREATE TABLE failing (run TEXT, sequence INTEGER)");
        await connection.ExecuteAsync(
            "CREATE TRIGGER fail BEFORE INSERT ON workflow_journal WHEN EXISTS (SELECT 1 FROM failing WHERE run = NEW.run AND sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'injected'); END");
        var runs = Enumerable.Range(1, Entries).ToDictionary(_ => Guid.CreateVersion7(), sequence => sequence);
        foreach (var (run, sequence) in runs)
        {
            await connection.ExecuteAsync("INSERT INTO failing VALUES (@run, @sequence)", new { run = run.ToString(), sequence });
            if (sequence == 1)
            {
                await Assert.ThrowsAnyAsync<Exception>(() => grain.StartAsync(run, null));
            }
            else
            {
                await grain.StartAsync(run, null);
            }
        }

        // Every run stands right before the entry that cannot be written.
        await _node.UntilAsync(
            async () => (await connection.QueryAsync<(string Run, long Sequence)>("SELECT run, MAX(sequence) FROM workflow_journal GROUP BY run")).ToDictionary(row => Guid.Parse(row.Run), row => row.Sequence),
            heads => runs.All(run => heads.GetValueOrDefault(run.Key) == run.Value - 1));
        await connection.ExecuteAsync("DROP TRIGGER fail");
        await connection.ExecuteAsync("DROP TABLE failing");
        await grain.StartAsync(runs.Single(run => run.Value == 1).Key, null);
        foreach (var run in runs.Keys)
        {
            Assert.Equal(WorkflowRunStatus.Succeeded, (await _node.EndedAsync(run)).Status);
            var journal = await _node.Workflows.ReadJournalAsync(run, PageRequest.First);
            Assert.Equal(Enumerable.Range(1, Entries).Select(sequence => (long)sequence), journal.Items.Select(entry => entry.Sequence));
        }

        Assert.Equal(Entries, World.Trained.Count());
        Assert.Equal(Entries, World.Versions.Count);
        Assert.Equal(Entries, World.Changes.Count);
    }

    [Fact]
    public async Task A_run_goes_on_when_its_node_is_started_again()
    {
        await _node.PutAsync(DigitsWorkflow.Yaml);
        var usual = World.Outcome;
        World.Outcome = (_, _) => null;
        var started = await StartAsync("digits");
        var child = (await _node.UntilAsync(() => Task.FromResult(World.Runs.Values.ToList()), list => list.Count == 1))[0];
        await _node.StopAsync();

        World.Outcome = usual;
        await _node.InitializeAsync();
        await World.EndAsync(usual(child.Spec, child)!);
        Assert.Equal(WorkflowRunStatus.Succeeded, (await _node.EndedAsync(started.Id)).Status);
        Assert.Single(World.Trained);
        Assert.Single(World.Changes);
    }

    private async Task<WorkflowRun> StartAsync(string name) =>
        await _node.Grains.GetGrain<IWorkflowGrain>((await _node.Workflows.GetAsync(name)).Id).StartAsync(Guid.CreateVersion7(), null);
}
