using System.Diagnostics;
using System.Globalization;
using OrleansDL.Collectives;
using OrleansDL.Tests.Collectives;

namespace OrleansDL.Benchmarks.Collectives;

/// <summary>One rank of our all-reduce as a process of its own: prints the processor seconds of all ranks.</summary>
internal static class AllReduceRank
{
    /// <summary>Until the runtime has compiled what is called here for the last time: a run has thousands of sums. As many as the limit's.</summary>
    private const int Warming = 60;

    public static void Run(string folder, int rank, int size, int floats, int repetitions)
    {
        using var group = ProcessGroup.Form(
            new GroupOptions { Run = Guid.Empty, Attempt = 1, Secret = new byte[32], Rank = rank, Size = size }, new TestRendezvous(folder, size), TimeProvider.System);
        var values = new float[floats];
        Array.Fill(values, rank);
        var begun = TimeSpan.Zero;
        for (var turn = -Warming; turn < repetitions; turn++)
        {
            if (turn == 0)
            {
                begun = Used();
            }

            group.Gradients.Sum(values.AsSpan());
        }

        Span<double> seconds = [(Used() - begun).TotalSeconds];
        group.Values.Sum(seconds);
        Console.WriteLine($"ready {seconds[0].ToString(CultureInfo.InvariantCulture)}");
    }

    private static TimeSpan Used()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
