#if EVENTHUBS
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace OrleansDL.Events;

/// <summary>The outward stream over Azure Event Hubs, for sites that want events there (<c>-p:EventHubs=true</c>).</summary>
/// <remarks>Settings: <c>EventHubs:ConnectionString</c>, <c>EventHubs:Name</c>, <c>EventHubs:ConsumerGroup</c>.</remarks>
internal static class EventHubsSetup
{
    public static void AddEventHubEvents(this ISiloBuilder silo)
    {
        var settings = silo.Configuration.GetSection("EventHubs");
        silo.AddEventHubStreams(EventStreams.Provider, stream =>
        {
            stream.ConfigureEventHub(options => options.Configure(hub =>
                hub.ConfigureEventHubConnection(settings["ConnectionString"], settings["Name"], settings["ConsumerGroup"] ?? "$Default")));
            stream.UseDataAdapter((services, _) => ActivatorUtilities.CreateInstance<Orleans.Streaming.EventHubs.EventHubDataAdapter>(services));
        });
        silo.Services.AddHostedService<Forwarder>();
    }

    // Every server forwards: an event may reach the hub more than once, told apart by its id.
    private sealed class Forwarder(IClusterClient cluster, EventCursor cursor) : Microsoft.Extensions.Hosting.BackgroundService
    {
        private const string Queue = "event-hubs";

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var sent = (await cursor.LoadAsync(Queue)).ToDictionary(position => position.Project, position => position.Sequence);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
            long seen = -1, lastLook = 0;
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (!cursor.HasNews(ref seen, ref lastLook, TimeSpan.FromSeconds(15)))
                {
                    continue;
                }

                foreach (var (project, head) in await cursor.HeadsAsync())
                {
                    var stream = cluster.GetStreamProvider(EventStreams.Provider).GetStream<PlatformEvent>(EventQueue.StreamOf(project));
                    while (sent.GetValueOrDefault(project) < head)
                    {
                        foreach (var happened in await cursor.ReadAsync(project, sent.GetValueOrDefault(project), EventCursor.BatchSize))
                        {
                            await stream.OnNextAsync(happened);
                            sent[project] = happened.Sequence;
                        }

                        await cursor.SaveAsync(Queue, [(project, sent[project])]);
                    }
                }
            }
        }
    }
}
#endif
