using Microsoft.Extensions.Logging;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Throws away uploads that were given up.</summary>
internal sealed partial class UploadSweeper(UploadSessions sessions, ProjectBlobs projects, TimeProvider time, ILogger<UploadSweeper> log) : HourlyWork(time, log)
{
    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        var gone = await sessions.SweepAsync(cancellationToken);
        await projects.ForgetAsync(cancellationToken);
        if (gone > 0)
        {
            LogGone(Log, gone);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Uploads} uploads that nobody went on with were thrown away")]
    private static partial void LogGone(ILogger log, int uploads);
}
