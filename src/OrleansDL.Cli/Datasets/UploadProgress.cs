using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary>How far an upload is, how fast it goes and when it will be done.</summary>
internal sealed class UploadProgress(Screen screen, long? total, TimeProvider time) : IProgress<long>
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);

    private readonly long _start = time.GetTimestamp();
    private long _last;

    public void Report(long value)
    {
        if (_last != 0 && time.GetElapsedTime(_last) < Often)
        {
            return;
        }

        _last = time.GetTimestamp();
        var seconds = Math.Max(time.GetElapsedTime(_start).TotalSeconds, 1e-3);
        var rate = value / seconds;
        screen.Progress(total is > 0
            ? $"sent {Format.Bytes(value)} of {Format.Bytes(total.Value)} ({Format.Share((double)value / total.Value)}), {Format.Bytes((long)rate)}/s, {Format.Seconds((total - value) / rate)} left"
            : $"sent {Format.Bytes(value)}, {Format.Bytes((long)rate)}/s");
    }
}
