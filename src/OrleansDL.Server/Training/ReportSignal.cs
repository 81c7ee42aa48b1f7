namespace OrleansDL.Training;

/// <summary>Tells those who follow a run that there is news, whichever front they ask. For the one thread of a grain.</summary>
internal sealed class ReportSignal
{
    /// <summary>Nobody waits for longer: an activation that is to go waits for them.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private readonly TimeProvider _time;
    private TaskCompletionSource _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _number;

    /// <param name="time">The time. An activation begins to count where none before it has been.</param>
    public ReportSignal(TimeProvider time) => (_time, _number) = (time, time.GetUtcNow().Ticks);

    public void Raise()
    {
        _number++;
        _raised.TrySetResult();
        _raised = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Waits until the number is another than <paramref name="seen"/>.</summary>
    /// <returns>The number now.</returns>
    public async Task<long> WaitAsync(long seen, TimeSpan within)
    {
        if (_number == seen && within > TimeSpan.Zero)
        {
            await Task.WhenAny(_raised.Task, Task.Delay(within < Longest ? within : Longest, _time));
        }

        return _number;
    }
}
