using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Database;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>The life of a run, with a shell script for a training program.</summary>
public sealed class TrainingRunTests
{
    private const string Done = "echo '{\"validation.accuracy\":0.5}' > $ODL_OUTPUT_DIR/metrics.json; echo weights > $ODL_OUTPUT_DIR/weights.safetensors";

    // Waits for its own file, so that a test says when it goes on; a signal ends it at once.
    private const string Waits = "trap 'exit 75' TERM; while [ ! -e ../../../go ]; do sleep 0.05; done; " + Done;

    [Fact]
    public async Task A_run_completes_with_the_files_and_metrics_its_program_left()
    {
        await using var node = await TrainingNode.StartAsync("echo hello; ls $ODL_DATA_DIR; " + Done);
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node))).Id);

        Assert.Equal(RunStatus.Completed, run.Status);
        Assert.Equal(1, run.Attempt);
        Assert.Equal(0.5, run.Metrics!["validation.accuracy"]);
        Assert.Equal(["metrics.json", "weights.safetensors"], run.Artifact!.Keys.Order());
        var log = (await node.Runs.ListLogsAsync(run.Name, PageRequest.First)).Items.Select(line => line.Text).ToList();
        Assert.Contains("hello", log);
        Assert.Contains("data.csv", log);
        Assert.Equal(run.Id, Assert.Single((await node.Runs.ListAsync(RunStatus.Completed, PageRequest.First)).Items).Id);
        var events = await node.Services.GetRequiredService<Events.EventLog>().ReadAsync(TrainingNode.Project, 0, 100);
        Assert.Equal(
            ["queued", "running", "completed"],
            events.Where(e => e.Type == Events.EventTypes.TrainingRunChanged)
                .Select(e => JsonDocument.Parse(e.Data).RootElement.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_run_leaves_no_wake_up_and_no_files_behind()
    {
        await using var node = await TrainingNode.StartAsync(Done);
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.EndedAsync(run.Id);
        await node.UntilAsync(() => WakeUpsAsync(node, run.Id), wakeUps => wakeUps == 0);
        await node.UntilAsync(() => Task.FromResult(Directory.GetDirectories(Path.Combine(node.Folder, "work", "w1"))), left => left.Length == 0);
        Assert.Equal(1, Assert.Single(await node.Scheduler.ListWorkersAsync()).FreeSlots);
    }

    [Fact]
    public async Task A_program_that_fails_fails_its_run_with_its_last_words()
    {
        await using var node = await TrainingNode.StartAsync("echo fine; echo 'The loss is NaN at step 7.' >&2; exit 1");
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node))).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal("The loss is NaN at step 7.", run.Reason);
    }

    [Fact]
    public async Task A_program_that_asks_for_another_try_gets_it()
    {
        await using var node = await TrainingNode.StartAsync($"if [ $ODL_ATTEMPT -lt 3 ]; then exit 75; fi; {Done}");
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node))).Id);
        Assert.Equal(RunStatus.Completed, run.Status);
        Assert.Equal(3, run.Attempt);
    }

    [Fact]
    public async Task A_run_that_is_lost_again_and_again_without_getting_further_fails()
    {
        await using var node = await TrainingNode.StartAsync("kill -9 $$");
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node))).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("20 attempts in a row", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_process_is_killed_goes_on_with_the_next_attempt()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var run = await node.CreateAsync(await SpecAsync(node));
        using (var process = Process.GetProcessById(await node.PidAsync(run.Id)))
        {
            process.Kill();
        }

        await node.UntilAsync(run.Id, r => r is { Attempt: 2, Status: RunStatus.Running });
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");
        Assert.Equal(RunStatus.Completed, (await node.EndedAsync(run.Id)).Status);
    }

    [Fact]
    public async Task A_running_run_is_cancelled_even_when_its_program_will_not_leave()
    {
        await using var node = await TrainingNode.StartAsync(
            "trap '' TERM; echo ready; while true; do sleep 0.05; done", grace: TimeSpan.FromMilliseconds(300));
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.UntilAsync(() => node.Runs.ListLogsAsync(run.Name, PageRequest.First), page => page.Items.Any(line => line.Text == "ready"));
        var pid = await node.PidAsync(run.Id);

        await node.Grains.GetGrain<ITrainingRunGrain>(run.Id).CancelAsync();

        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(run.Id)).Status);
        Assert.Equal(0, ProcessMark.StartTimeOf(pid));
    }

    [Fact]
    public async Task A_queued_run_tells_why_it_waits_and_can_be_cancelled()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var spec = await SpecAsync(node);
        var first = await node.CreateAsync(spec);
        await node.UntilAsync(first.Id, r => r.Status is RunStatus.Running);
        var second = await node.CreateAsync(spec);
        var waiting = await node.UntilAsync(second.Id, r => r.Reason is not null);
        Assert.Equal(RunStatus.Queued, waiting.Status);
        Assert.Equal(0, waiting.Attempt);
        Assert.Contains("waits for 1 slot", waiting.Reason, StringComparison.Ordinal);

        await node.Grains.GetGrain<ITrainingRunGrain>(second.Id).CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(second.Id)).Status);
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");
        Assert.Equal(RunStatus.Completed, (await node.EndedAsync(first.Id)).Status);
    }

    [Fact]
    public async Task Reports_of_an_older_attempt_are_refused_and_repeats_are_ignored()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.UntilAsync(run.Id, r => r.Status is RunStatus.Running);
        var grain = node.Grains.GetGrain<ITrainingRunGrain>(run.Id);
        await Assert.ThrowsAsync<StaleAttemptException>(() => grain.ReportAsync(new RunReport { Attempt = 0, Sequence = 1 }));
        await Assert.ThrowsAsync<StaleAttemptException>(
            () => grain.FinishAsync(new RunOutcome { Attempt = 0, Kind = RunOutcomeKind.Done }));

        var report = new RunReport { Attempt = 1, Sequence = 1000, Metrics = [Point("train.loss", 3, 0.5), Point("train.loss", 3, 0.25), Point("other", 2, double.NaN)], Log = ["once"] };
        await grain.ReportAsync(report);
        await grain.ReportAsync(report);

        Assert.Single((await node.Runs.ListLogsAsync(run.Name, PageRequest.First)).Items, line => line.Text == "once");
        var points = (await node.Runs.ListMetricsAsync(run.Name, null, PageRequest.First)).Items;
        Assert.Equal(["other", "train.loss"], points.Select(point => point.Name));
        Assert.True(double.IsNaN(points[0].Value));
        Assert.Equal(0.25, points[1].Value);
        var first = await node.Runs.ListMetricsAsync(run.Name, null, new PageRequest { Size = 1 });
        var second = await node.Runs.ListMetricsAsync(run.Name, null, new PageRequest { Size = 1, Token = first.NextPageToken });
        Assert.Equal("train.loss", Assert.Single(second.Items).Name);
        Assert.Null(second.NextPageToken);
    }

    [Fact]
    public async Task A_run_goes_on_by_itself_when_the_node_comes_back()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.PidAsync(run.Id);

        await using var next = await node.RestartAsync(Waits);
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");

        var ended = await next.EndedAsync(run.Id);
        Assert.Equal(RunStatus.Completed, ended.Status);
        Assert.Equal(2, ended.Attempt);
    }

    [Fact]
    public async Task Creating_the_same_run_twice_makes_one()
    {
        await using var node = await TrainingNode.StartAsync(Done);
        var spec = await SpecAsync(node) with { Name = "twice" };
        var id = Guid.CreateVersion7();
        await node.Runs.CreateAsync(id, spec);
        await node.Runs.CreateAsync(id, spec);
        await Assert.ThrowsAsync<ConflictException>(() => node.CreateAsync(spec));
        Assert.Equal(id, (await node.Runs.GetAsync("twice")).Id);
        Assert.Single((await node.Runs.ListAsync(null, PageRequest.First)).Items);
        await node.EndedAsync(id);
    }

    [Fact]
    public async Task A_spec_that_names_what_is_not_there_creates_nothing()
    {
        await using var node = await TrainingNode.StartAsync(Done);
        var spec = await SpecAsync(node);
        await Assert.ThrowsAsync<NotFoundException>(() => node.CreateAsync(spec with { Dataset = "nothing" }));
        var unknown = await Assert.ThrowsAsync<InvalidException>(() => node.CreateAsync(spec with { Network = new NetworkSpec { Family = "oracle" } }));
        Assert.Contains("oracle", unknown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidException>(() => node.Runs.CheckAsync(spec with { RegisterAs = "no name" }));

        // Nobody waits in a queue to be told that.
        NetworkSpec misfit = new() { Family = "blocks", Blocks = [new BlockSpec { Kind = "linear", Width = 4 }, new BlockSpec { Kind = "globalPool" }] };
        Assert.StartsWith(
            "network.blocks[1]", (await Assert.ThrowsAsync<InvalidException>(() => node.CreateAsync(spec with { Network = misfit }))).Message, StringComparison.Ordinal);
        var absent = await Assert.ThrowsAsync<InvalidException>(() => node.CreateAsync(spec with { Network = new NetworkSpec { Family = "mlp" }, Input = new InputSpec { Label = "nowhere" } }));
        Assert.StartsWith("input.label 'nowhere' is no column of the dataset. Columns: ", absent.Message, StringComparison.Ordinal);
        Assert.Empty((await node.Runs.ListAsync(null, PageRequest.First)).Items);
    }

    [Fact]
    public async Task A_waiting_run_whose_dataset_is_deleted_fails_and_says_so()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var first = await node.CreateAsync(await SpecAsync(node));
        await node.UntilAsync(first.Id, r => r.Status is RunStatus.Running);
        var spec = await SpecAsync(node) with { Slots = 2 };
        var second = await node.CreateAsync(spec);
        await node.UntilAsync(second.Id, r => r.Reason is not null);
        var dataset = await node.Grains.GetGrain<IDatasetsGrain>(TrainingNode.Project).GetAsync(spec.Dataset);
        await node.Grains.GetGrain<IDatasetGrain>(dataset.Id).DeleteAsync(null);

        await using var next = await node.RestartAsync(Done);

        var ended = await next.EndedAsync(second.Id);
        Assert.Equal(RunStatus.Failed, ended.Status);
        Assert.Equal(RunStatus.Completed, (await next.EndedAsync(first.Id)).Status);
    }

    [Fact]
    public async Task A_run_that_is_paused_gives_its_slot_to_another_and_goes_on_when_it_is_resumed()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.PidAsync(run.Id);
        var grain = node.Grains.GetGrain<ITrainingRunGrain>(run.Id);
        await grain.PauseAsync();
        await node.UntilAsync(run.Id, r => r.Status is RunStatus.Paused);
        Assert.Equal(RunStatus.Paused, (await grain.PauseAsync()).Status);
        await node.UntilAsync(() => node.Scheduler.ListWorkersAsync(), workers => workers[0].FreeSlots == 1);

        await grain.ResumeAsync();
        await node.UntilAsync(run.Id, r => r is { Status: RunStatus.Running, Attempt: 2 });
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");

        Assert.Equal(RunStatus.Completed, (await node.EndedAsync(run.Id)).Status);
        await Assert.ThrowsAsync<ConflictException>(grain.PauseAsync);
        var events = await node.Services.GetRequiredService<Events.EventLog>().ReadAsync(TrainingNode.Project, 0, 100);
        Assert.Equal(
            ["queued", "running", "pausing", "paused", "queued", "running", "completed"],
            events.Where(e => e.Type == Events.EventTypes.TrainingRunChanged)
                .Select(e => JsonDocument.Parse(e.Data).RootElement.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_waiting_run_can_be_paused_resumed_moved_and_cancelled()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var spec = await SpecAsync(node);
        var first = await node.CreateAsync(spec);
        await node.UntilAsync(first.Id, r => r.Status is RunStatus.Running);
        var second = await node.CreateAsync(spec);
        var third = await node.CreateAsync(spec);
        await node.UntilAsync(second.Id, r => r.Position == 1);
        await node.UntilAsync(third.Id, r => r.Position == 2);
        var grain = node.Grains.GetGrain<ITrainingRunGrain>(third.Id);

        Assert.Equal(1, (await grain.MoveAsync(second.Id, ahead: true)).Position);
        Assert.Equal([third.Id, second.Id], (await node.Scheduler.GetPoolAsync()).Queue.Select(wait => wait.Run));

        await grain.PauseAsync();
        await node.UntilAsync(third.Id, r => r.Status is RunStatus.Paused);
        Assert.Single((await node.Scheduler.GetPoolAsync()).Queue);
        await grain.ResumeAsync();
        await node.UntilAsync(third.Id, r => r is { Status: RunStatus.Queued, Position: not null });
        await grain.PauseAsync();
        await node.UntilAsync(third.Id, r => r.Status is RunStatus.Paused);
        await grain.CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(third.Id)).Status);
    }

    [Fact]
    public async Task A_run_of_higher_priority_has_another_write_its_checkpoint_and_wait()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        await node.Scheduler.SetPoolAsync(new PoolSettings { MinimumRunSeconds = 0, RestartFactor = 0 });
        var spec = await SpecAsync(node);
        var first = await node.CreateAsync(spec);
        await node.PidAsync(first.Id);
        var urgent = await node.CreateAsync(spec with { Priority = 5 });

        await node.UntilAsync(urgent.Id, r => r.Status is RunStatus.Running);
        var waiting = await node.UntilAsync(first.Id, r => r is { Status: RunStatus.Queued, Position: 1 });
        Assert.Equal(1, waiting.Preemptions);
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");
        Assert.Equal(RunStatus.Completed, (await node.EndedAsync(urgent.Id)).Status);
        Assert.Equal(2, (await node.EndedAsync(first.Id)).Attempt);
    }

    [Fact]
    public async Task The_runs_of_a_drained_worker_wait_until_it_is_back_in_use()
    {
        await using var node = await TrainingNode.StartAsync(Waits);
        var run = await node.CreateAsync(await SpecAsync(node));
        await node.PidAsync(run.Id);
        await node.Scheduler.DrainAsync("w1", drain: true);
        await node.UntilAsync(run.Id, r => r.Status is RunStatus.Queued && r.Reason!.Contains("No worker", StringComparison.Ordinal));
        await node.Scheduler.DrainAsync("w1", drain: false);
        await node.UntilAsync(run.Id, r => r is { Status: RunStatus.Running, Attempt: 2 });
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");
        Assert.Equal(RunStatus.Completed, (await node.EndedAsync(run.Id)).Status);
    }

    [Fact]
    public async Task A_program_that_crashes_is_tried_again_and_one_that_says_it_failed_only_when_its_spec_allows()
    {
        await using var node = await TrainingNode.StartAsync($"if [ $ODL_ATTEMPT = 1 ]; then kill -SEGV $$; fi; if [ $ODL_ATTEMPT = 2 ]; then echo 'no luck' >&2; exit 1; fi; {Done}");
        var spec = await SpecAsync(node);
        var failed = await node.EndedAsync((await node.CreateAsync(spec)).Id);
        Assert.Equal(RunStatus.Failed, failed.Status);
        Assert.Equal(2, failed.Attempt);
        Assert.Contains("no luck", failed.Reason, StringComparison.Ordinal);
        var allowed = await node.EndedAsync((await node.CreateAsync(spec with { MaxRetries = 2 })).Id);
        Assert.Equal(RunStatus.Completed, allowed.Status);
        Assert.Equal(2, allowed.Retries);
    }

    [Fact]
    public async Task A_run_without_memory_stops_with_advice_or_halves_its_batch_where_it_may()
    {
        await using var node = await TrainingNode.StartAsync($"if grep -q '\"batchSize\":8[,}}]' $ODL_SPEC; then {Done}; exit 0; fi; echo 'DefaultCPUAllocator: can not allocate memory: out of memory' >&2; exit 1");
        var spec = await SpecAsync(node) with { BatchSize = 32 };
        var stopped = await node.EndedAsync((await node.CreateAsync(spec)).Id);
        Assert.Equal(RunStatus.Failed, stopped.Status);
        Assert.Contains("smaller batchSize (it has 32)", stopped.Reason, StringComparison.Ordinal);
        var halved = await node.EndedAsync((await node.CreateAsync(spec with { OnOutOfMemory = OutOfMemory.HalveBatch })).Id);
        Assert.Equal(RunStatus.Completed, halved.Status);
        Assert.Equal(8, halved.Spec.BatchSize);
        Assert.Equal(3, halved.Attempt);
    }

    [Fact]
    public async Task A_program_that_hangs_is_killed_and_what_its_threads_did_is_in_its_log()
    {
        await using var node = await TrainingNode.StartAsync("trap '' TERM; sleep 1000");
        var spec = await SpecAsync(node) with { HangSeconds = 1, MaxRetries = 0 };
        var run = await node.EndedAsync((await node.CreateAsync(spec)).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("no progress for 1 seconds", run.Reason, StringComparison.Ordinal);
        var log = (await node.Runs.ListLogsAsync(run.Name, PageRequest.First)).Items.Select(line => line.Text).ToList();
        Assert.Contains(log, line => line.Contains("thread", StringComparison.Ordinal) && line.Contains("'sleep'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_rank_of_a_run_is_a_process_of_its_own_and_all_that_is_kept_is_rank_0s()
    {
        await using var node = await TrainingNode.StartAsync($"echo I am $ODL_RANK of $ODL_WORLD_SIZE; if [ $ODL_RANK = 0 ]; then while [ ! -e ../../../go ]; do sleep 0.05; done; {Done}; else echo mine > $ODL_OUTPUT_DIR/mine; fi", slots: 2);
        var run = await node.CreateAsync(await SpecAsync(node) with { Workers = 2 });
        async Task<List<string>> LogAsync() => [.. (await node.Runs.ListLogsAsync(run.Name, PageRequest.First)).Items.Select(line => line.Text)];
        await node.UntilAsync(LogAsync, log => log.Contains("[rank 1] I am 1 of 2"));
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "go"), "");
        run = await node.EndedAsync(run.Id);
        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Equal(["metrics.json", "weights.safetensors"], run.Artifact!.Keys.Order());
        Assert.Contains("I am 0 of 2", await LogAsync());
        Assert.Equal(["w1", "w1"], Assert.Single(run.Attempts).Workers);
        Assert.Equal(2, Assert.Single(await node.Scheduler.ListWorkersAsync()).FreeSlots);
    }

    [Fact]
    public async Task A_rank_that_fails_fails_the_run_though_another_says_before_that_it_is_lost()
    {
        await using var node = await TrainingNode.StartAsync(
            "if [ $ODL_RANK = 0 ]; then touch ../../../lost; exit 75; fi; while [ ! -e ../../../lost ]; do sleep 0.05; done; sleep 0.5; echo 'Row 7 is bad.' >&2; exit 1", slots: 2);
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node) with { Workers = 2 })).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal(1, run.Attempt);
        Assert.Equal("Rank 1 on worker 'w1': Row 7 is bad.", run.Reason);
    }

    [Fact]
    public async Task The_ranks_of_a_run_wait_for_slots_pause_and_are_cancelled_together()
    {
        await using var node = await TrainingNode.StartAsync(Waits, slots: 2);
        var spec = await SpecAsync(node);
        var first = await node.CreateAsync(spec);
        await node.UntilAsync(first.Id, r => r.Status is RunStatus.Running);
        var gang = await node.CreateAsync(spec with { Workers = 2, MinWorkers = 1 });
        var waiting = await node.UntilAsync(gang.Id, r => r.Reason is not null);
        Assert.Contains("waits for 2 slots: 1 of 2 slots", waiting.Reason, StringComparison.Ordinal);
        await node.Grains.GetGrain<ITrainingRunGrain>(first.Id).CancelAsync();

        var pids = new[] { await node.PidAsync(gang.Id, rank: 0), await node.PidAsync(gang.Id, rank: 1) };
        var grain = node.Grains.GetGrain<ITrainingRunGrain>(gang.Id);
        await grain.PauseAsync();
        await node.UntilAsync(gang.Id, r => r.Status is RunStatus.Paused);
        Assert.All(pids, pid => Assert.Equal(0, ProcessMark.StartTimeOf(pid)));
        await grain.ResumeAsync();
        await node.UntilAsync(gang.Id, r => r is { Status: RunStatus.Running, Attempt: 2 });
        await Assert.ThrowsAsync<StaleAttemptException>(() => grain.MeetAsync(new RankAddress { Attempt = 1, Rank = 0, Address = "127.0.0.1:1" }));
        Assert.Null(await grain.MeetAsync(new RankAddress { Attempt = 2, Rank = 0, Address = "127.0.0.1:1" }));
        var others = grain.AwaitRanksAsync(2);
        Assert.Equal(["127.0.0.1:1", "127.0.0.1:2"], await grain.MeetAsync(new RankAddress { Attempt = 2, Rank = 1, Address = "127.0.0.1:2" }));
        Assert.Equal(["127.0.0.1:1", "127.0.0.1:2"], await others);
        pids = [await node.PidAsync(gang.Id, rank: 0), await node.PidAsync(gang.Id, rank: 1)];
        await grain.CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(gang.Id)).Status);
        Assert.All(pids, pid => Assert.Equal(0, ProcessMark.StartTimeOf(pid)));
    }

    private static async Task<TrainingSpec> SpecAsync(TrainingNode node) => new()
    {
        Dataset = await node.AddTableAsync("numbers-" + Guid.NewGuid().ToString("N")[..8], "x,y,label\n1,2,a\n2,1,b\n"),
        Network = new NetworkSpec { Family = "mlp" },
    };

    private static MetricPoint Point(string name, long step, double value) =>
        new() { Name = name, Step = step, Value = value, Time = DateTimeOffset.UnixEpoch };

    private static async Task<long> WakeUpsAsync(TrainingNode node, Guid run)
    {
        await using var connection = await node.Services.GetRequiredService<Db>().OpenAsync();
        return await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM wake_up WHERE grain LIKE @grain", new { grain = $"training-run/{run:N}%" });
    }
}
