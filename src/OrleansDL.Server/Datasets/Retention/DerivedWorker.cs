using Microsoft.Extensions.Logging;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.Retention;

/// <summary>Removes statistics and lists of labels that nothing needs any more.</summary>
internal sealed partial class DerivedWorker(DerivedRows derived, TimeProvider time, ILogger<DerivedWorker> log) : HourlyWork(time, log)
{
    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        var removed = await derived.TidyAsync(cancellationToken);
        if (removed > 0)
        {
            LogRemoved(Log, removed);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Rows} statistics and lists of labels of files and commits that are gone were removed")]
    private static partial void LogRemoved(ILogger log, int rows);
}
