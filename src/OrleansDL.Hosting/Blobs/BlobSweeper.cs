using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Timing;

namespace OrleansDL.Blobs;

/// <summary>Collects the blobs that nobody names.</summary>
internal sealed partial class BlobSweeper(BlobStore blobs, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobSweeper> log) : HourlyWork(time, log)
{
    // Files without a row are rare, and finding them lists the whole store.
    private const int HoursBetweenOrphans = 24;
    private readonly TimeProvider _time = time;
    private int _hour = 1;

    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        var report = await blobs.SweepAsync(_time.GetUtcNow() - options.Value.Grace, orphans: _hour++ % HoursBetweenOrphans == 0, cancellationToken: cancellationToken);
        if (report.BytesFreed > 0)
        {
            LogFreed(Log, report.BytesFreed);
        }
    }

    [LoggerMessage(LogLevel.Information, "Blobs that nobody names were collected: {Bytes} bytes freed")]
    private static partial void LogFreed(ILogger log, long bytes);
}
