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
