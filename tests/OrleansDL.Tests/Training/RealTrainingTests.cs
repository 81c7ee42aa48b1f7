using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Models;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Runs of the real training program on small data.</summary>
public sealed class RealTrainingTests
{
    [Fact]
    public async Task A_run_leaves_a_model_and_its_metrics()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await node.CreateAsync(await SpecAsync(node, epochs: 20) with { RegisterAs = "points" })).Id);

        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Equal(
            ["confusion.json", "metrics.json", "model.onnx", "network.json", "pipeline.json", "reference.json", "signature.json", "weights.safetensors"],
            run.Artifact!.Keys.Order());
        Assert.True(run.Metrics!["validation.accuracy"] > 0.9, $"accuracy {run.Metrics["validation.accuracy"]}");
        var loss = (await node.Runs.ListMetricsAsync(run.Name, "train.loss", new PageRequest { Size = 1000 })).Items;
        Assert.True(loss[^1].Value < loss[0].Value);
        Assert.Equal(run.Progress!.TotalSteps, run.Progress.Step);
        Assert.Equal("points@1", run.ModelVersion);
        var version = await node.Grains.GetGrain<IModelsGrain>(TrainingNode.Project).ResolveAsync("points");
        Assert.Equal(run.Id, version.Run);

        var judged = await node.EndedAsync((await node.CreateAsync(
            new TrainingSpec { Program = TrainingProgram.Evaluate, Dataset = run.Spec.Dataset, Model = "points@1" })).Id);
        Assert.True(judged.Status is RunStatus.Completed, judged.Reason);
        Assert.Contains("predictions.jsonl", judged.Artifact!.Keys);
        var graph = await node.Grains.GetGrain<ILineageGrain>(TrainingNode.Project).WalkAsync($"run:{judged.Name}", LineageDirection.Up, 10);
        Assert.Contains(graph.Nodes, lineage => lineage.Id == $"run:{run.Id}");
        Assert.Contains(graph.Nodes, lineage => lineage.Id == $"dataset-version:{run.DatasetCommit}");
    }

    [Fact]
    public async Task A_run_begins_with_the_weights_of_a_model_and_its_lineage_says_so()
    {
        await using var node = await TrainingNode.StartAsync();
        var spec = await SpecAsync(node, epochs: 20);
        var first = await node.EndedAsync((await node.CreateAsync(spec with { RegisterAs = "points" })).Id);
        Assert.True(first.Status is RunStatus.Completed, first.Reason);

        var tuned = await node.EndedAsync((await node.CreateAsync(
            spec with { Epochs = 1, Initialize = new InitializeSpec { Model = "points", Freeze = ["hidden0"] } })).Id);
        Assert.True(tuned.Status is RunStatus.Completed, tuned.Reason);
        Assert.Equal(first.Artifact!["weights.safetensors"], tuned.Spec.Initialize!.Weights);
        var lines = (await node.Runs.ListLogsAsync(tuned.Name, new PageRequest { Size = 100 })).Items;
        Assert.Contains(lines, line => line.Text == "Began with 4 of 4 tensors from points");
        Assert.True(tuned.Metrics!["validation.accuracy"] > 0.9, $"accuracy {tuned.Metrics["validation.accuracy"]}");
        var graph = await node.Grains.GetGrain<ILineageGrain>(TrainingNode.Project).WalkAsync($"run:{tuned.Name}", LineageDirection.Up, 10);
        Assert.Contains(graph.Edges, edge => edge.Role == "initialized" && edge.Target == $"run:{tuned.Id}");
        Assert.Contains(graph.Nodes, lineage => lineage.Id == $"run:{first.Id}");

        var missing = await Assert.ThrowsAsync<InvalidException>(() => node.CreateAsync(
            spec with { Initialize = new InitializeSpec { Dataset = spec.Dataset, File = "weights.safetensors" } }));
        Assert.StartsWith($"initialize.file 'weights.safetensors' is no file of dataset '{spec.Dataset}@v1'.", missing.Message, StringComparison.Ordinal);
        var table = await node.EndedAsync((await node.CreateAsync(
            spec with { Initialize = new InitializeSpec { Dataset = spec.Dataset, File = "data.csv" } })).Id);
        Assert.Equal(RunStatus.Failed, table.Status);
        Assert.Contains("is no safetensors file", table.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_run_resumes_from_its_checkpoint_and_ends_with_the_same_weights()
    {
        await using var node = await TrainingNode.StartAsync(slots: 2);
        var spec = await SpecAsync(node, epochs: 400) with { CheckpointSeconds = 0.05 };
        var unbroken = await node.CreateAsync(spec);
        var broken = await node.CreateAsync(spec);
        await node.UntilAsync(broken.Id, run => run.LastCheckpoint is not null);
        using (var process = Process.GetProcessById(await node.PidAsync(broken.Id)))
        {
            process.Kill();
        }

        var resumed = await node.EndedAsync(broken.Id);
        var straight = await node.EndedAsync(unbroken.Id);

        Assert.True(resumed.Status is RunStatus.Completed, resumed.Reason);
        Assert.True(resumed.Attempt == 2, $"It took {resumed.Attempt} attempts: {JsonSerializer.Serialize(resumed.Attempts, OdlJson.Options)}.");
        Assert.True(resumed.ResumedFromStep > 0);
        Assert.Equal(1, straight.Attempt);
        Assert.Equal(straight.Artifact!["weights.safetensors"], resumed.Artifact!["weights.safetensors"]);

        var steps = (await node.Runs.ListMetricsAsync(resumed.Name, "train.loss", new PageRequest { Size = 1000 })).Items.Select(point => point.Step).ToList();
        Assert.Equal(steps.Distinct(), steps);
    }

    [Fact]
    public async Task A_run_of_two_workers_ends_like_that_of_one_and_to_the_bit_alike_though_a_rank_is_killed()
    {
        await using var node = await TrainingNode.StartAsync(slots: 2);
        var spec = await SpecAsync(node, epochs: 150) with { Optimizer = "sgd", CheckpointSeconds = 0.05 };
        var alone = await node.EndedAsync((await node.CreateAsync(spec)).Id);
        var unbroken = await node.EndedAsync((await node.CreateAsync(spec with { Workers = 2 })).Id);
        Assert.True(unbroken.Status is RunStatus.Completed, unbroken.Reason);
        Assert.Equal(["w1", "w1"], Assert.Single(unbroken.Attempts).Workers);
        var (one, two) = (await WeightsAsync(node, alone), await WeightsAsync(node, unbroken));
        Assert.InRange(one.Zip(two).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 2e-4);
        Assert.Equal(alone.Progress!.TotalSteps, unbroken.Progress!.Step);

        var broken = await node.CreateAsync(spec with { Workers = 2, RegisterAs = "points" });
        await node.UntilAsync(broken.Id, run => run.LastCheckpoint is not null);
        using (var process = Process.GetProcessById(await node.PidAsync(broken.Id, rank: 1)))
        {
            process.Kill();
        }

        var resumed = await node.EndedAsync(broken.Id);
        Assert.True(resumed.Status is RunStatus.Completed, resumed.Reason);
        Assert.True(resumed.ResumedFromStep > 0);
        Assert.Equal([0, resumed.ResumedFromStep], resumed.Attempts.Select(attempt => attempt.FromStep));
        Assert.Equal(unbroken.Artifact!["weights.safetensors"], resumed.Artifact!["weights.safetensors"]);
        Assert.Equal("2, 2", (await node.Grains.GetGrain<IModelsGrain>(TrainingNode.Project).ResolveAsync("points")).Parameters["workers"]);
    }

    [Fact]
    public async Task A_run_goes_on_from_a_kept_checkpoint_of_another_as_if_it_were_that_one()
    {
        await using var node = await TrainingNode.StartAsync(slots: 2);
        var spec = await SpecAsync(node, epochs: 6) with { CheckpointSeconds = 3600 };
        var straight = await node.CreateAsync(spec with { Epochs = 9 });
        var source = await node.EndedAsync((await node.CreateAsync(spec with { Checkpoints = new CheckpointSpec { KeepLast = 2, KeepBest = 2 } })).Id);
        var kept = await node.Grains.GetGrain<ITrainingRunGrain>(source.Id).ListCheckpointsAsync();
        Assert.InRange(kept.Count, 2, 4);
        Assert.All(kept, checkpoint => Assert.NotNull(checkpoint.Score));
        Assert.Equal(source.LastCheckpoint, kept[^1]);

        var forked = await node.EndedAsync((await node.CreateAsync(spec with { Epochs = 9, Fork = new ForkSpec { Run = source.Name, Step = kept[0].Step } })).Id);
        Assert.True(forked.Status is RunStatus.Completed, forked.Reason);
        Assert.Equal(kept[0].Step, forked.ResumedFromStep);
        Assert.Equal((await node.EndedAsync(straight.Id)).Artifact!["weights.safetensors"], forked.Artifact!["weights.safetensors"]);
        var graph = await node.Grains.GetGrain<ILineageGrain>(TrainingNode.Project).WalkAsync($"run:{forked.Name}", LineageDirection.Up, 10);
        Assert.Contains(graph.Edges, edge => edge.Source == $"run:{source.Id}" && edge.Role == "forked-from");

        var fork = new ForkSpec { Run = source.Name };
        var error = await Assert.ThrowsAsync<InvalidException>(() => node.CreateAsync(spec with { BatchSize = 16, Seed = 9, Fork = fork }));
        Assert.StartsWith("fork: batchSize, seed differ from those of run", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConflictException>(() => node.CreateAsync(spec with { Fork = fork with { Step = 1 } }));
        Assert.Contains("keeps no checkpoint", (await Assert.ThrowsAsync<ConflictException>(() => node.CreateAsync(spec with { Fork = new ForkSpec { Run = straight.Name } }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_loss_is_no_number_fails_naming_the_step()
    {
        await using var node = await TrainingNode.StartAsync();
        var spec = await SpecAsync(node, epochs: 50) with { Optimizer = "sgd", LearningRate = 1000, WeightDecay = 1 };
        var run = await node.EndedAsync((await node.CreateAsync(spec)).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("step", run.Reason, StringComparison.Ordinal);
    }

    private static async Task<float[]> WeightsAsync(TrainingNode node, TrainingRun run)
    {
        var bytes = await node.Blobs.ReadAsync(run.Artifact!["weights.safetensors"].Blob);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + (int)BitConverter.ToUInt64(bytes))).ToArray();
    }

    private static async Task<TrainingSpec> SpecAsync(TrainingNode node, int epochs)
    {
        var csv = new StringBuilder("x,y,label\n");
        for (var row = 0; row < 300; row++)
        {
            var (x, y) = (Math.Sin(row * 12.9898), Math.Sin(row * 78.233));
            csv.Append(CultureInfo.InvariantCulture, $"{x:F4},{y:F4},{(x + y > 0 ? "above" : "below")}\n");
        }

        return new TrainingSpec
        {
            Dataset = await node.AddTableAsync("points-" + Guid.NewGuid().ToString("N")[..8], csv.ToString()),
            Network = new NetworkSpec { Family = "mlp", Hidden = [16] },
            Epochs = epochs,
            LearningRate = 0.01,
        };
    }
}
