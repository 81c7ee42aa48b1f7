using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary>How far a push is, how fast it goes and when it will be done.</summary>
internal sealed class PushView(Screen screen, TimeProvider time) : IProgress<PushProgress>
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);

    private readonly Lock _one = new();
    private readonly long _start = time.GetTimestamp();
    private long _last;

    public void Report(PushProgress value)
    {
        lock (_one)
        {
            if (_last != 0 && time.GetElapsedTime(_last) < Often)
            {
                return;
            }

            _last = time.GetTimestamp();
            var done = value.SkippedBytes + value.SentBytes;
            var rate = Math.Max(done, value.HashedBytes) / Math.Max(time.GetElapsedTime(_start).TotalSeconds, 1e-3);
            screen.Progress(
                $"{Format.Count(value.SkippedFiles + value.SentFiles)} of {Format.Count(value.Files)} files, {Format.Bytes(done)} of {Format.Bytes(value.Bytes)}"
                + (value.SkippedBytes > 0 ? $" ({Format.Bytes(value.SkippedBytes)} there already)" : "")
                + $", {Format.Bytes((long)rate)}/s"
                + (rate > 0 && done < value.Bytes ? $", {Format.Seconds((value.Bytes - done) / rate)} left" : ""));
        }
    }
}
