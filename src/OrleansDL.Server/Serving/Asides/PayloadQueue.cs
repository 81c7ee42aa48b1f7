using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Asides;

/// <summary>Sampled requests on their way to a dataset, bounded in bytes until they are committed. What finds no room is dropped and counted: no caller waits.</summary>
internal sealed class PayloadQueue(IOptions<PayloadLogOptions> options, PayloadMetrics metrics)
{
    // Of a record itself, besides what it holds.
    public const int Overhead = 1024;
    private readonly Channel<PayloadRecord> _waiting = Channel.CreateUnbounded<PayloadRecord>();
    private long _bytes;

    public ChannelReader<PayloadRecord> Waiting => _waiting.Reader;

    public bool TryReserve(Route route, long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= options.Value.MaximumWaitingBytes)
        {
            return true;
        }

        Free(bytes);
        metrics.OnRows(route.Project, "dropped", 1);
        return false;
    }

    public void Add(PayloadRecord record) => _waiting.Writer.TryWrite(record);

    /// <summary>Gives room back, after a commit.</summary>
    public void Free(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
