using Orleans.Concurrency;

namespace OrleansDL.Tests.Hosting;

[GrainType("test-sleeper"), Reentrant]
public sealed class SleeperGrain : Grain, ISleeperGrain
{
    /// <summary>Woken by the name <c>timer</c>, it rings once more when a timer of its own calls it.</summary>
    public Task WakeAsync(string name, string? payload)
    {
        if (name == "timer")
        {
            this.RegisterGrainTimer(_ => Alarm.RingAsync(this.GetPrimaryKeyString(), "ticked", payload), TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        return Alarm.RingAsync(this.GetPrimaryKeyString(), name, payload);
    }
}
