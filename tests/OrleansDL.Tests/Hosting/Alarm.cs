using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OrleansDL.Tests.Hosting;

/// <summary>What the sleepers of this process were woken with.</summary>
internal static class Alarm
{
    private static readonly ConcurrentDictionary<string, Channel<(string Name, string? Payload)>> Rings = new();
    private static readonly ConcurrentDictionary<string, Func<int, Task>> Reactions = new();
    private static readonly ConcurrentDictionary<string, int> Counts = new();

    /// <summary>What the sleeper does when woken, given how often it was woken before.</summary>
    public static void React(string sleeper, Func<int, Task> reaction) => Reactions[sleeper] = reaction;

    public static async Task RingAsync(string sleeper, string name, string? payload)
    {
        var earlier = Counts.AddOrUpdate(sleeper, 1, (_, count) => count + 1) - 1;
        await Of(sleeper).Writer.WriteAsync((name, payload));
        if (Reactions.TryGetValue(sleeper, out var reaction))
        {
            await reaction(earlier);
        }
    }

    public static async Task<(string Name, string? Payload)> NextAsync(string sleeper) =>
        await Of(sleeper).Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    private static Channel<(string Name, string? Payload)> Of(string sleeper) =>
        Rings.GetOrAdd(sleeper, _ => Channel.CreateUnbounded<(string, string?)>());
}
