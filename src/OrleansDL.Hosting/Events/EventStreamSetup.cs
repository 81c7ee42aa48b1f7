using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;
using OrleansDL.Database;

namespace OrleansDL.Events;

/// <summary>The Orleans stream on which events flow outward.</summary>
public static class EventStreamSetup
{
    // The pulling agents look at a flag in memory this often; the database is read only after a notice.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    internal static void AddEventStream(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<EventCursor>();
        silo.AddAdoNetGrainStorage("PubSubStore", options => options.Configure<Db>((storage, database) =>
        {
            storage.Invariant = database.OrleansInvariant;
            storage.DataSource = database.Source;
        }));
#if EVENTHUBS
        silo.AddEventHubEvents();
#else
        silo.AddPersistentStreams(EventStreams.Provider, (services, name) => new EventQueueFactory(name, services), stream =>
        {
            stream.ConfigurePullingAgent(options => options.Configure(agent => agent.GetQueueMsgsTimerPeriod = Look));
            stream.ConfigureStreamPubSub(StreamPubSubType.ExplicitGrainBasedAndImplicit);
        });
#endif
    }
}
