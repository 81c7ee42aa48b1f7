using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.Shards;

/// <summary>Forgets the shards that nobody uses any more.</summary>
internal sealed partial class ShardCollector(DatasetShards shards, IOptions<ShardOptions> options, TimeProvider time, ILogger<ShardCollector> log) : HourlyWork(time, log)
{
    private readonly TimeProvider _time = time;

    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        var collected = await shards.CollectAsync(_time.GetUtcNow() - options.Value.KeepUnused);
        if (collected > 0)
        {
            LogCollected(Log, collected);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Sets} sets of shards that nobody used were forgotten")]
    private static partial void LogCollected(ILogger log, int sets);
}
