using Orleans.Concurrency;

namespace OrleansDL.Tests.Hosting;

[GrainType("test-sleeper"), Reentrant]
public sealed class SleeperGrain : Grain, ISleeperGrain
{
    public Task WakeAsync(string name, string? payload) => Alarm.RingAsync(this.GetPrimaryKeyString(), name, payload);
}
