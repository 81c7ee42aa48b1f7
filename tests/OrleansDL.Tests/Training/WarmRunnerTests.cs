using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Projects;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Processes that train one run after another.</summary>
public sealed partial class WarmRunnerTests
{
    private static readonly TrainingSpec Spec = new()
    {
        Dataset = "points",
        Network = new NetworkSpec { Family = "mlp", Hidden = [16], Dropout = 0.2 },
        LearningRate = 0.01,
        Epochs = 5,
    };

    [Fact]
    public async Task A_process_that_ended_well_goes_on_with_another_run_of_its_project_to_the_very_same_weights()
    {
        await using var node = await TrainingNode.StartAsync(slots: 2);
        var pool = node.Services.GetRequiredService<RunnerPool>();
        await node.AddTableAsync("points", Points());
        var spec = Spec with { Epochs = 200, CheckpointSeconds = 0.05 };
        var straight = await node.CreateAsync(spec);
        var other = await node.CreateAsync(Spec with { Seed = 9, Network = new NetworkSpec { Family = "mlp", Hidden = [24, 8], Dropout = 0.5 } });
        other = await node.EndedAsync(other.Id);
        straight = await node.EndedAsync(straight.Id);
        var (first, second) = ((await PidsAsync(node, straight))[^1], (await PidsAsync(node, other))[^1]);
        Assert.NotEqual(first, second);
        Assert.Equal([first, second], pool.Idle.OrderBy(pid => pid == first ? 0 : 1));

        // Both attempts train where other runs have trained: the process that is killed, and the one that goes on.
        var broken = await node.CreateAsync(spec);
        await node.UntilAsync(broken.Id, run => run.LastCheckpoint is not null);
        using (var process = Process.GetProcessById(await node.PidAsync(broken.Id)))
        {
            process.Kill();
        }

        broken = await node.EndedAsync(broken.Id);
        Assert.True(broken.Status is RunStatus.Completed, broken.Reason);
        Assert.True(broken.ResumedFromStep > 0);
        var pids = await PidsAsync(node, broken);
        Assert.Equal([first, second], pids.OrderBy(pid => pid == first ? 0 : 1));
        Assert.Equal(straight.Artifact!["weights.safetensors"], broken.Artifact!["weights.safetensors"]);
        Assert.Equal(pids[1], Assert.Single(pool.Idle));

        // Another project's run gets a process of its own, and one that failed is not used again.
        await node.Grains.GetGrain<IProjectsGrain>("all").CreateAsync(Guid.CreateVersion7(), new ProjectSpec { Name = "others" });
        await node.AddTableAsync("points", Points(), "others");
        var elsewhere = await node.EndedAsync((await node.CreateAsync(Spec, "others")).Id);
        Assert.True(elsewhere.Status is RunStatus.Completed, elsewhere.Reason);
        Assert.DoesNotContain(pids[1], await PidsAsync(node, elsewhere));
        var failed = await node.EndedAsync((await node.CreateAsync(Spec with { Optimizer = "sgd", LearningRate = 1000, WeightDecay = 1, Epochs = 50 })).Id);
        Assert.Equal(RunStatus.Failed, failed.Status);
        Assert.Equal(pids[1], Assert.Single(await PidsAsync(node, failed)));
        Assert.DoesNotContain(pids[1], pool.Idle);
    }

    private static async Task<List<int>> PidsAsync(TrainingNode node, TrainingRun run) =>
        (await node.Grains.GetGrain<ITrainingRunsGrain>(run.Project).ListLogsAsync(run.Id.ToString(), new PageRequest { Size = PageRequest.MaximumSize })).Items
            .Select(line => RunsAs().Match(line.Text)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).ToList();

    private static string Points()
    {
        var csv = new StringBuilder("x,y,label\n");
        for (var row = 0; row < 300; row++)
        {
            var (x, y) = (Math.Sin(row * 12.9898), Math.Sin(row * 78.233));
            csv.Append(CultureInfo.InvariantCulture, $"{x:F4},{y:F4},{(x + y > 0 ? "above" : "below")}\n");
        }

        return csv.ToString();
    }

    [GeneratedRegex(@"^Attempt \d+ runs as process (\d+) ")]
    private static partial Regex RunsAs();
}
