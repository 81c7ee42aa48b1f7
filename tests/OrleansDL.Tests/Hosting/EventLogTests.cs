using Orleans.Streams;
using OrleansDL.Events;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class EventLogTests(ServerNode node)
{
    private readonly string _project = "p" + Guid.NewGuid().ToString("N");

    private EventLog Events => node.Get<EventLog>();

    [Fact]
    public async Task Events_of_a_project_are_numbered_without_gaps_and_an_id_is_appended_once()
    {
        var subject = Guid.NewGuid();
        var ids = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToList();

        await Task.WhenAll(ids.Concat(ids).Select(id => Events.AppendAsync(id, _project, "test.happened", subject, new { })));

        var read = await Events.ReadAsync(_project, 0, 100);
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), read.Select(e => e.Sequence));
        Assert.Equal(ids.Order(), read.Select(e => e.Id).Order());
    }

    [Fact]
    public async Task An_event_wakes_the_grains_whose_triggers_match_its_project_type_and_subject()
    {
        var (every, one) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        var (subject, other) = (Guid.NewGuid(), Guid.NewGuid());
        await Events.SetTriggersAsync(Id(every), [(_project, "test.happened", null)]);
        await Events.SetTriggersAsync(Id(one), [(_project, "test.happened", subject)]);

        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Events.AppendAsync(first, _project, "test.happened", other, new { });
        await Events.AppendAsync(second, _project, "test.happened", subject, new { });
        await Events.AppendAsync(Guid.CreateVersion7(), _project, "test.other", subject, new { });

        Assert.Equal(second.ToString(), (await Alarm.NextAsync(one)).Payload);
        string?[] heard = [(await Alarm.NextAsync(every)).Payload, (await Alarm.NextAsync(every)).Payload];
        Assert.Equal(new[] { first.ToString(), second.ToString() }.Order(), heard.Order());
    }

    [Fact]
    public async Task The_same_events_flow_on_the_orleans_stream_in_order()
    {
        var heard = new TaskCompletionSource<List<long>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var sequences = new List<long>();
        var stream = node.Get<IClusterClient>().GetStreamProvider(EventStreams.Provider)
            .GetStream<PlatformEvent>(StreamId.Create(EventStreams.Provider, _project));
        await stream.SubscribeAsync((e, _) =>
        {
            sequences.Add(e.Sequence);
            if (sequences.Count == 5)
            {
                heard.TrySetResult(sequences);
            }

            return Task.CompletedTask;
        });

        for (var i = 0; i < 5; i++)
        {
            await Events.AppendAsync(Guid.CreateVersion7(), _project, "test.happened", Guid.NewGuid(), new { i });
        }

        Assert.Equal([1, 2, 3, 4, 5], await heard.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private GrainId Id(string sleeper) => node.Grains.GetGrain<ISleeperGrain>(sleeper).GetGrainId();
}
