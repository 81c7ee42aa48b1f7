namespace OrleansDL.Training;

/// <summary>Notices that a program makes no progress for its limit.</summary>
internal sealed class HangWatch(TimeSpan limit, TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>What an attempt may take without a sign; null: any time.</summary>
    public static TimeSpan? LimitOf(TrainingSpec spec, bool builtIn) =>
        spec.HangSeconds is { } seconds ? TimeSpan.FromSeconds(seconds)
        : builtIn && spec.Program is TrainingProgram.Train ? TimeSpan.FromMinutes(30)
        : null;

    /// <summary>The program got somewhere.</summary>
    public void Progressed() => Volatile.Write(ref _last, time.GetTimestamp());

    /// <summary>Ends when there was no progress for the limit.</summary>
    public async Task HangsAsync(CancellationToken over)
    {
        while (true)
        {
            var left = limit - time.GetElapsedTime(Volatile.Read(ref _last));
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.Delay(left, time, over);
        }
    }
}
