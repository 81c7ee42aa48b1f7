using System.Diagnostics;
using System.Globalization;
using OrleansDL.Collectives;
using OrleansDL.Networks;
using OrleansDL.Tests.Collectives;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Benchmarks.Collectives;

/// <summary>One worker of a run as a process of its own: a CNN with batch normalisation on images of 28x28, its share of batches of 128. Prints the rows all workers train in a second.</summary>
internal static class ParallelRank
{
    private const int BatchSize = 128;

    /// <summary>Until the runtime has compiled what the exchange calls for the last time: a run has thousands of steps.</summary>
    private const int Warming = 200;
    private const int Steps = 120;

    public static void Run(string folder, int rank, int size)
    {
        Native.TorchLibrary.Load();
        set_num_threads(1);
        using var group = ProcessGroup.Form(
            new GroupOptions { Run = Guid.Empty, Attempt = 1, Secret = new byte[32], Rank = rank, Size = size }, new TestRendezvous(folder, size), TimeProvider.System);
        using var exchange = size == 1 ? null : new RingExchange(group);
        var definition = new NetworkDefinition { Network = new NetworkSpec { Family = "cnn", Channels = [16, 32], Kernel = 3, Hidden = [128], Dropout = 0, BatchNorm = true, Activation = "relu" }, Input = [1, 28, 28], Classes = 10 };
        var spec = new TrainingSpec { Dataset = "rows", Network = definition.Network };
        using var network = new Network(definition, 1);
        using var optimizer = Optimizer.For(network, spec);
        Action<long>? complete = exchange is null ? null : from => exchange.Begin(network, from);
        var rows = new RankShare(rank, size).Rows(BatchSize);
        using var inputs = rand(rows, 1, 28, 28);
        using var labels = randint(10, rows, dtype: ScalarType.Int64);
        var samples = Enumerable.Range(0, rows).Select(row => (long)row).ToArray();
        using var process = Process.GetCurrentProcess();
        var (watch, spent) = (new Stopwatch(), TimeSpan.Zero);
        for (var step = -Warming; step < Steps; step++)
        {
            if (step == 0)
            {
                group.Values.Barrier();
                spent = process.TotalProcessorTime;
                watch.Start();
            }

            using var scope = NewDisposeScope();
            network.Gradients.zero_();
            var loss = nn.functional.cross_entropy(network.Forward(inputs, Pass.Learning(1, 0, samples, exchange, complete: complete)), labels) * ((double)rows / BatchSize);
            loss.backward();
            exchange?.Sum(network);
            using var guard = no_grad();
            optimizer.Step(step + Warming + 1, 1e-3);
        }

        group.Values.Barrier();
        process.Refresh();

        // On a machine that others use too, processor time tells what wall time cannot.
        Console.Error.WriteLine($"rank {rank} of {size}: {((process.TotalProcessorTime - spent).TotalMilliseconds / Steps).ToString("0.00", CultureInfo.InvariantCulture)} ms of processor time a step");
        Console.WriteLine($"ready {(BatchSize * Steps / watch.Elapsed.TotalSeconds).ToString(CultureInfo.InvariantCulture)}");
    }
}
