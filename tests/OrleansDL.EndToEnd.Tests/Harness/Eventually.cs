using System.Diagnostics;

namespace OrleansDL.Tests.Harness;

/// <summary>Waits for what another process will do: it has no event to give us, so we look again until a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>The first value that is not null.</summary>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> look, TimeSpan? within = null, Func<string>? context = null)
        where T : class
    {
        var deadline = within ?? TimeSpan.FromSeconds(60);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }

            if (watch.Elapsed > deadline)
            {
                throw new TimeoutException($"Waited {deadline.TotalSeconds:0} s for {what}. {context?.Invoke()}");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(string what, Func<Task<bool>> look, TimeSpan? within = null, Func<string>? context = null) =>
        GetAsync(what, async () => await look() ? "yes" : null, within, context);
}
