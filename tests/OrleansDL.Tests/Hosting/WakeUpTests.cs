using Dapper;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class WakeUpTests(ServerNode node)
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    private ISleeperGrain Sleeper => node.Grains.GetGrain<ISleeperGrain>(_name);

    [Fact]
    public async Task A_wake_up_is_delivered_with_its_payload_and_then_forgotten()
    {
        await node.Get<WakeUps>().ArmAsync(Sleeper, "rise", payload: "shine");

        Assert.Equal(("rise", "shine"), await Alarm.NextAsync(_name));
        await ForgottenAsync();
    }

    [Fact]
    public async Task A_grain_is_called_by_its_own_timer()
    {
        await node.Get<WakeUps>().ArmAsync(Sleeper, "timer");

        string[] rung = [(await Alarm.NextAsync(_name)).Item1, (await Alarm.NextAsync(_name)).Item1];
        Assert.Equal(["ticked", "timer"], rung.Order());
    }

    [Fact]
    public async Task A_wake_up_that_fails_is_delivered_again()
    {
        Alarm.React(_name, earlier => earlier == 0 ? throw new InvalidOperationException("not yet") : Task.CompletedTask);

        await node.Get<WakeUps>().ArmAsync(Sleeper);

        await Alarm.NextAsync(_name);
        await Alarm.NextAsync(_name);
        await ForgottenAsync();
    }

    [Fact]
    public async Task A_wake_up_armed_again_while_it_is_delivered_is_delivered_again()
    {
        Alarm.React(_name, earlier => earlier == 0 ? node.Get<WakeUps>().ArmAsync(Sleeper, payload: "again") : Task.CompletedTask);

        await node.Get<WakeUps>().ArmAsync(Sleeper);

        Assert.Null((await Alarm.NextAsync(_name)).Payload);
        Assert.Equal("again", (await Alarm.NextAsync(_name)).Payload);
        await ForgottenAsync();
    }

    [Fact]
    public async Task A_wake_up_that_a_dead_node_had_claimed_is_delivered_within_five_seconds()
    {
        var time = node.Get<TimeProvider>();
        await using (var connection = await node.Get<Db>().OpenAsync())
        {
            // As a node leaves it that dies right after it claimed the row.
            await connection.ExecuteAsync(
                "INSERT INTO wake_up (grain, name, due, payload, version, attempts, claimed_until) VALUES (@grain, 'act', @now, NULL, 1, 1, @until)",
                new { grain = Sleeper.GetGrainId().ToString(), now = time.Now(), until = time.Now() + 3_000_000 });
        }

        var began = time.GetTimestamp();
        await Alarm.NextAsync(_name);

        Assert.InRange(time.GetElapsedTime(began), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_wake_up_that_was_taken_back_is_not_delivered()
    {
        var wakeUps = node.Get<WakeUps>();
        await wakeUps.ArmAsync(Sleeper, "never", TimeSpan.FromMilliseconds(300));
        await wakeUps.DisarmAsync(Sleeper, "never");
        await wakeUps.ArmAsync(Sleeper, "later", TimeSpan.FromMilliseconds(600));

        Assert.Equal("later", (await Alarm.NextAsync(_name)).Name);
    }

    private async Task ForgottenAsync()
    {
        var id = Sleeper.GetGrainId().ToString();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var connection = await node.Get<Db>().OpenAsync(patience.Token);
        while (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM wake_up WHERE grain = @id", new { id }) > 0)
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
