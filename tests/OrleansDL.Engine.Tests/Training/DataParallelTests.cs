using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Collectives;
using OrleansDL.Data;
using OrleansDL.Tests.Collectives;
using OrleansDL.Tests.Runner;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class DataParallelTests
{
    /// <summary>Rows that leave a last batch of two: with three workers one of them has none.</summary>
    private const int Rows = 162;

    [Theory]
    [InlineData("mlp", 2)]
    [InlineData("mlp", 3)]
    [InlineData("cnn", 2)]
    [InlineData("cnn", 3)]
    public void Several_workers_come_to_what_one_comes_to(string family, int workers)
    {
        using var folder = new TestFolder();
        var spec = Spec(family) with { Optimizer = "sgd", LearningRate = 0.01 };
        var alone = Weights(Train(folder, "alone", spec, 1));
        var together = Weights(Train(folder, "together", spec, workers));
        var worst = alone.Zip(together).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.InRange(worst, 0, 2e-4);
        Assert.False(Directory.Exists(folder["together-1"]), "Only rank 0 leaves an artifact.");
    }

    [Fact]
    public void The_same_workers_come_to_the_same_bytes_each_time()
    {
        using var folder = new TestFolder();
        var first = TestFolder.Sha(Train(folder, "first", Spec("cnn"), 3));
        Assert.Equal(first, TestFolder.Sha(Train(folder, "second", Spec("cnn"), 3)));
    }

    [Fact]
    public void Rows_read_ahead_from_the_shards_are_shared_out_alike()
    {
        using var folder = new TestFolder();
        var spec = Spec("mlp");
        var kept = TestFolder.Sha(Train(folder, "kept", spec, 2));
        Assert.Equal(kept, TestFolder.Sha(Train(folder, "streamed", spec with { Reader = new ReaderSpec { MemoryBytes = 0 } }, 2)));
    }

    [Fact]
    public void Gradients_gathered_over_several_batches_are_shared_out_too()
    {
        using var folder = new TestFolder();
        var spec = Spec("mlp") with { Accumulate = 3 };
        var alone = Weights(Train(folder, "alone", spec, 1));
        var together = Weights(Train(folder, "together", spec, 2));
        Assert.InRange(alone.Zip(together).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 2e-4);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void Gradients_that_leave_while_backward_goes_on_are_those_that_would_leave_after_it(int workers, int accumulate)
    {
        using var folder = new TestFolder();
        var spec = Spec("mlp") with
        {
            Network = new NetworkSpec { Family = "mlp", Hidden = [600, 600, 600] },
            Optimizer = "sgd",
            LearningRate = 0.01,
            Epochs = 1,
            Accumulate = accumulate,
        };
        var alone = Weights(Train(folder, "alone", spec, 1));
        var together = Weights(Train(folder, "together", spec, workers));
        Assert.InRange(alone.Zip(together).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 2e-4);
        Assert.Equal(together, Weights(Train(folder, "again", spec, workers)));
    }

    [Fact]
    public void Texts_of_many_lengths_count_by_their_tokens_whoever_reads_them()
    {
        using var folder = new TestFolder();
        var spec = Spec("gpt") with
        {
            Optimizer = "sgd",
            LearningRate = 0.05,
            Network = new NetworkSpec { Family = "gpt", Width = 16, Layers = 1, AttentionHeads = 2 },
            Input = new InputSpec { Tokenizer = "words", Columns = ["text"], MaxTokens = 12 },
            Head = new HeadSpec { Kind = "next-token" },
            BatchSize = 5,
        };
        var lines = Enumerable.Range(0, 41).Select(row => string.Join(' ', Enumerable.Range(0, 2 + (row * row % 11)).Select(word => "red green blue pink".Split(' ')[(row + word) % 4])));
        RunnerAssignment Texts(string data) => Assignments.Csv(data, spec, [Assignments.Text("text")], lines);
        var alone = Weights(Train(folder, "alone", spec, 1, assign: Texts));
        var together = Weights(Train(folder, "together", spec, 2, assign: Texts));
        Assert.InRange(alone.Zip(together).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 2e-5);
    }

    [Fact]
    public void Several_workers_find_the_rate_that_one_finds_and_learn_in_16_bits()
    {
        using var folder = new TestFolder();
        var spec = Spec("cnn") with { Precision = "bf16", RateFinder = new RateFinderSpec { Least = 1e-5 } };
        var (alone, together) = (Rate("alone", 1), Rate("together", 2));
        Assert.InRange(together, alone / 1.5, alone * 1.5);

        double Rate(string name, int workers) => JsonSerializer.Deserialize<Dictionary<string, double>>(
            File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(Train(folder, name, spec, workers))!, "metrics.json")))!["find.learningRate"];
    }

    [Fact]
    public void Workers_that_do_not_hold_the_same_weights_stop_and_say_so()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<GroupLostException>(() => Train(folder, "out", Spec("mlp"), 2, rank => Spec("mlp") with { Seed = rank + 1 }));
        Assert.Matches(@"^The weights of rank \d are not those of rank \d: ", error.Message);
    }

    [Fact]
    public void A_worker_that_fails_takes_the_hooks_with_it_and_tells_them_why()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<InvalidException>(() => Train(folder, "out", Spec("mlp") with { Optimizer = "sgd", LearningRate = 1000, Epochs = 50 }, 2));
        Assert.StartsWith("The training loss became ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("cnn")]
    public async Task A_run_whose_worker_is_killed_goes_on_from_its_checkpoint_to_the_same_weights(string family)
    {
        using var folder = new TestFolder();
        await using var worker = new FakeWorker(folder) { Workers = 2 };
        await worker.StartAsync();
        var spec = Spec(family) with { Epochs = 20, CheckpointSeconds = 0.05 };
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 400) with { GangSecret = Convert.ToBase64String(Ranks.Secret) };
        var unbroken = TestFolder.Sha(Train(folder, "unbroken", spec, 2, rows: 400));

        var first = Enumerable.Range(0, 2).Select(rank => worker.StartRunner(assignment, rank: rank)).ToList();
        await worker.Checkpoints.Reader.ReadAsync();
        var watch = Stopwatch.StartNew();
        first[1].Kill();
        var said = await first[0].StandardError.ReadToEndAsync();
        await first[0].WaitForExitAsync();
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.True(first[0].ExitCode == 75, said);
        Assert.Contains("Rank 1 was lost: ", said, StringComparison.Ordinal);

        var second = Enumerable.Range(0, 2).Select(rank => worker.StartRunner(assignment with { Attempt = 2 }, rank: rank)).ToList();
        foreach (var rank in second)
        {
            var errors = await rank.StandardError.ReadToEndAsync();
            await rank.WaitForExitAsync();
            Assert.True(rank.ExitCode == 0, errors);
        }

        Assert.Equal(unbroken, TestFolder.Sha(Path.Combine(folder["out"], "weights.safetensors")));
        first.Concat(second).ToList().ForEach(process => process.Dispose());
    }

    [Fact]
    public void Workers_stopped_at_random_steps_end_with_the_bytes_of_those_that_were_not() => StopAtRandom(seed: 3, runs: 2);

    [Fact]
    [Trait("Category", "Slow")]
    public void Many_workers_stopped_at_random_steps_end_with_the_bytes_of_those_that_were_not() => StopAtRandom(seed: 4, runs: 60);

    /// <summary>A checkpoint is asked of any rank at any step, all after it is lost, and as many workers go on from it.</summary>
    private static void StopAtRandom(ulong seed, int runs)
    {
        var random = new Xoshiro(seed);
        for (var run = 0; run < runs; run++)
        {
            using var folder = new TestFolder();
            var workers = 2 + (int)random.Next(2);
            var spec = RandomRuns.Draw(random);
            var unbroken = TestFolder.Sha(Train(folder, "unbroken", spec, workers));
            var step = 1 + (int)random.Next((ulong)(2 * (140 / spec.BatchSize / (spec.Accumulate ?? 1))) - 1);
            var asked = (int)random.Next((ulong)workers);
            var hooks = Enumerable.Range(0, workers).Select(_ => new TrainingHooks()).ToArray();
            hooks[0] = new TrainingHooks
            {
                // Rank 0 alone tells how far they are, by its clock after every step.
                Progressed = (_, progress) =>
                {
                    if (progress.Step >= step)
                    {
                        hooks[asked].Stop();
                    }
                },
            };

            Train(folder, "stopped", spec, workers, hooks: rank => hooks[rank], clock: rank => rank == 0 ? new SteppingTime() : TimeProvider.System);
            var left = Assert.Single(Directory.GetFiles(folder["stopped-checkpoints-0"]));
            File.Move(left, Path.Combine(folder.Make("resumed-checkpoints-0"), TrainingJob.ResumeFile));
            for (var rank = 1; rank < workers; rank++)
            {
                File.Copy(Path.Combine(folder["resumed-checkpoints-0"], TrainingJob.ResumeFile), Path.Combine(folder.Make($"resumed-checkpoints-{rank}"), TrainingJob.ResumeFile));
            }

            var resumed = TestFolder.Sha(Train(folder, "resumed", spec, workers));
            Assert.True(unbroken == resumed, $"{JsonSerializer.Serialize(spec, OdlJson.Options)} with {workers} workers, rank {asked} stopped at {step}: {Path.GetFileName(left)}");
        }
    }

    private static TrainingSpec Spec(string family) => Assignments.Spec(family) with
    {
        Network = new NetworkSpec { Family = family, Hidden = [16], Dropout = 0.2 },
        Epochs = 2,
        BatchSize = 16,
        ValidationFraction = 0,
        CheckpointSeconds = 86_400,
    };

    private static float[] Weights(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + (int)BitConverter.ToUInt64(bytes))).ToArray();
    }

    /// <summary>Trains on as many threads as workers; answers the path of the weights.</summary>
    private static string Train(TestFolder folder, string name, TrainingSpec spec, int workers, Func<int, TrainingSpec>? specOf = null, int rows = Rows, Func<string, RunnerAssignment>? assign = null, Func<int, TrainingHooks>? hooks = null, Func<int, TimeProvider>? clock = null)
    {
        var assignment = assign?.Invoke(folder[$"{name}-data"]) ?? Assignments.Digits(folder[$"{name}-data"], spec, row => row < rows);
        var meeting = new TestRendezvous(folder.Make($"{name}-ranks"), workers);
        var errors = new Exception?[workers];
        var threads = Enumerable.Range(0, workers).Select(rank => new Thread(() =>
        {
            try
            {
                var gang = workers == 1 ? null : new Gang { Rank = rank, Size = workers, Secret = Ranks.Secret, Meet = meeting.Meet };
                TrainingJob.Run(
                    assignment with { Spec = specOf?.Invoke(rank) ?? spec }, folder[$"{name}-data"], folder[rank == 0 ? name : $"{name}-{rank}"],
                    folder.Make($"{name}-checkpoints-{rank}"), "cpu", hooks?.Invoke(rank) ?? new TrainingHooks(), clock?.Invoke(rank) ?? TimeProvider.System, gang);
            }
            catch (Exception error)
            {
                errors[rank] = error;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Ranks.ThrowFirst(errors);
        return Path.Combine(folder[name], "weights.safetensors");
    }
}
