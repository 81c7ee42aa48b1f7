using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Nodes;

/// <summary>Tells every live silo of a change (a route, a name, a worker) and waits until all have taken it in.</summary>
/// <remarks>A silo that does not answer within two seconds is left behind: what is pushed is also kept in a table, and caches expire.</remarks>
public sealed partial class NodeNotices(IServiceProvider services, ILogger<NodeNotices> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private ImmutableList<(string Topic, Func<string, Task> Handler)> _handlers = [];

    public async Task PushAsync(string topic, string payload)
    {
        var membership = services.GetRequiredService<IClusterMembershipService>();
        var own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var grains = services.GetRequiredService<IGrainFactory>();
        var others = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(own))
            .Select(member => TellAsync(grains, member.SiloAddress, topic, payload));
        await Task.WhenAll([DispatchAsync(topic, payload), .. others]);
    }

    /// <summary>Calls <paramref name="handler"/> with the payload of every notice on the topic, until disposed.</summary>
    public IDisposable Subscribe(string topic, Func<string, Task> handler)
    {
        var entry = (topic, handler);
        ImmutableInterlocked.Update(ref _handlers, list => list.Add(entry));
        return new Subscription(() => ImmutableInterlocked.Update(ref _handlers, list => list.Remove(entry)));
    }

    internal async Task DispatchAsync(string topic, string payload)
    {
        foreach (var (name, handler) in _handlers)
        {
            if (name == topic)
            {
                await handler(payload);
            }
        }
    }

    private async Task TellAsync(IGrainFactory grains, SiloAddress silo, string topic, string payload)
    {
        try
        {
            await grains.GetGrain<INodeGrain>(silo.ToParsableString()).NoticeAsync(topic, payload).WaitAsync(Patience);
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or SiloUnavailableException or NoCapacityException)
        {
            LogNotTold(silo, topic, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} did not take the notice on {Topic}: {Reason}")]
    private partial void LogNotTold(SiloAddress silo, string topic, string reason);

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
