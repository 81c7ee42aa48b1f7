using System.Runtime.ExceptionServices;
using OrleansDL.Collectives;

namespace OrleansDL.Tests.Collectives;

/// <summary>Runs one function on every rank of a group, each on a thread.</summary>
internal static class Ranks
{
    public static readonly byte[] Secret = "a secret of the attempt"u8.ToArray();

    public static GroupOptions Options(int rank, int size) => new()
    {
        Run = Guid.Parse("01900000-0000-7000-8000-000000000001"),
        Attempt = 1,
        Secret = Secret,
        Rank = rank,
        Size = size,
    };

    public static T[] Run<T>(int size, Func<ProcessGroup, T> work) => Run(size, rank => Options(rank, size), work);

    public static T[] Run<T>(int size, Func<int, GroupOptions> options, Func<ProcessGroup, T> work)
    {
        using var folder = new TestFolder();
        var rendezvous = new TestRendezvous(folder.Make("ranks"), size);
        var (results, errors) = (new T[size], new Exception?[size]);
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                using var group = ProcessGroup.Form(options(rank), rendezvous, TimeProvider.System);
                try
                {
                    results[rank] = work(group);
                    group.Values.Barrier();
                }
                catch (Exception error) when (error is not GroupLostException)
                {
                    group.Abort($"Rank {rank} failed: {error.Message}");
                    throw;
                }
            }
            catch (Exception error)
            {
                errors[rank] = error;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        ThrowFirst(errors);
        return results;
    }

    /// <summary>Throws what a rank failed with, if any did; what the others only heard of comes last.</summary>
    public static void ThrowFirst(IEnumerable<Exception?> errors)
    {
        var failed = errors.OfType<Exception>().OrderBy(error => error is GroupLostException).FirstOrDefault();
        if (failed is not null)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }
}
