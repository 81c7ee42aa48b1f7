using System.Diagnostics;
using OrleansDL.Training;

namespace OrleansDL.Tests.Runner;

[Collection("torch")]
public sealed class RunnerTests
{
    private static readonly TrainingSpec Spec = Assignments.Spec() with
    {
        Network = new NetworkSpec { Family = "mlp", Hidden = [32], Dropout = 0.3 },
        Epochs = 30,
        CheckpointSeconds = 0.05,
    };

    [Fact]
    public async Task A_killed_run_goes_on_from_its_checkpoint_and_ends_with_the_same_weights()
    {
        using var folder = new TestFolder();
        await using var worker = new FakeWorker(folder);
        await worker.StartAsync();
        var assignment = Assignments.Digits(folder["data"], Spec, row => row < 600);
        TrainingJob.Run(assignment, folder["data"], folder["unbroken"], folder.Make("none"), "cpu", new TrainingHooks(), TimeProvider.System);

        using (var first = worker.StartRunner(assignment))
        {
            await worker.Checkpoints.Reader.ReadAsync();
            first.Kill();
            await first.WaitForExitAsync();
        }

        using var second = worker.StartRunner(assignment with { Attempt = 2 });
        var errors = await second.StandardError.ReadToEndAsync();
        await second.WaitForExitAsync();
        Assert.True(second.ExitCode == 0, errors);
        Assert.Equal(TestFolder.Sha(Path.Combine(folder["unbroken"], "weights.safetensors")), TestFolder.Sha(Path.Combine(folder["out"], "weights.safetensors")));
        worker.Reports.Writer.Complete();
        var reports = await worker.Reports.Reader.ReadAllAsync().Where(report => report.Attempt == 2).ToListAsync();
        Assert.Contains(reports.SelectMany(report => report.Log), line => line.StartsWith("Resumed from step ", StringComparison.Ordinal));
        Assert.Contains(reports.SelectMany(report => report.Metrics), metric => metric.Name == "validation.accuracy");
        Assert.Equal(Enumerable.Range(1, reports.Count).Select(number => (long)number), reports.Select(report => report.Sequence));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_that_is_told_to_stop_leaves_a_checkpoint_and_asks_for_another_try(bool bySignal)
    {
        using var folder = new TestFolder();
        await using var worker = new FakeWorker(folder);
        await worker.StartAsync();
        using var runner = worker.StartRunner(Assignments.Digits(folder["data"], Spec with { Epochs = 100_000, CheckpointSeconds = 86_400 }));
        await worker.Reports.Reader.ReadAsync();
        if (bySignal)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{runner.Id}"]);
        }
        else
        {
            worker.Command("checkpoint");
            await worker.Checkpoints.Reader.ReadAsync();
            worker.Command("stop");
        }

        await worker.Checkpoints.Reader.ReadAsync();
        await runner.WaitForExitAsync();
        Assert.Equal(75, runner.ExitCode);
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public async Task A_runner_ends_when_its_parent_dies()
    {
        using var folder = new TestFolder();
        await using var worker = new FakeWorker(folder);
        await worker.StartAsync();
        using var shell = worker.StartRunner(Assignments.Digits(folder["data"], Spec with { Epochs = 100_000 }), shell: true);
        using var runner = Process.GetProcessById(int.Parse((await shell.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture));
        await worker.Reports.Reader.ReadAsync();
        shell.Kill();
        await runner.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token);
    }

    [Fact]
    public async Task A_runner_ends_when_its_socket_is_gone()
    {
        using var folder = new TestFolder();
        var worker = new FakeWorker(folder);
        await worker.StartAsync();
        using var runner = worker.StartRunner(Assignments.Digits(folder["data"], Spec with { Epochs = 100_000 }));
        await worker.Reports.Reader.ReadAsync();
        await worker.DisposeAsync();
        await runner.WaitForExitAsync();
        Assert.Equal(75, runner.ExitCode);
    }

    [Fact]
    public async Task A_run_that_cannot_succeed_says_why_in_its_last_line()
    {
        using var folder = new TestFolder();
        await using var worker = new FakeWorker(folder);
        await worker.StartAsync();
        using var unknown = worker.StartRunner(Assignments.Digits(folder["data"], Assignments.Spec("xyz"), row => row < 50));
        using var threads = worker.StartRunner(Assignments.Digits(folder["data"], Spec, row => row < 50), threads: "7");
        Assert.StartsWith("network.family 'xyz' is unknown. Families: mlp, cnn, textbag", await unknown.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.StartsWith("OMP_NUM_THREADS is '7', but the run asks for 1 threads.", await threads.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await unknown.WaitForExitAsync();
        await threads.WaitForExitAsync();
        Assert.Equal((1, 1), (unknown.ExitCode, threads.ExitCode));
    }
}
