using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansDL.Datasets.Shards;

/// <summary>Makes shards in the background of a server: a job per version, a few at once.</summary>
internal sealed partial class ShardJobs(
    DatasetShards shards, IOptions<ShardOptions> options, IHostApplicationLifetime host, TimeProvider time, ILogger<ShardJobs> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, ShardJob> _jobs = new();
    private readonly SemaphoreSlim _builders = new(options.Value.Builders);

    /// <summary>The job of a version, if one was begun here and has not been forgotten.</summary>
    public ShardJob? Find(string key) => _jobs.GetValueOrDefault(key);

    /// <summary>Begins the job of a version, unless it runs.</summary>
    public void Start(string key, DatasetVersion version)
    {
        var job = new ShardJob();
        if (_jobs.TryAdd(key, job))
        {
            job.Work = Task.Run(() => RunAsync(job, version, host.ApplicationStopping));
        }
    }

    /// <summary>Forgets a job that has ended.</summary>
    public void Forget(string key)
    {
        if (Find(key) is { Work.IsCompleted: true } job)
        {
            _jobs.TryRemove(KeyValuePair.Create(key, job));
        }
    }

    public void Dispose() => _builders.Dispose();

    private async Task RunAsync(ShardJob job, DatasetVersion version, CancellationToken stopping)
    {
        await _builders.WaitAsync(stopping);
        try
        {
            var begun = time.GetTimestamp();
            var (made, sets) = (0, await shards.SetsAsync(version, stopping));
            foreach (var set in sets)
            {
                if (set.Complete)
                {
                    job.Add(set.Rows);
                    continue;
                }

                await shards.BuildAsync(version, set, job.Add, stopping);
                made++;
            }

            LogMade(version.DatasetName, version.Version, version.Rows, made, sets.Count, time.GetElapsedTime(begun).TotalSeconds);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            LogFailed(version.DatasetName, version.Version, e);
            throw;
        }
        finally
        {
            _builders.Release();
        }
    }

    [LoggerMessage(LogLevel.Information, "Shards of {Dataset}@v{Version} were made: {Rows} rows, {Made} of {Sets} sets new, in {Seconds:0.0} s")]
    private partial void LogMade(string dataset, long version, long rows, int made, int sets, double seconds);

    [LoggerMessage(LogLevel.Warning, "Shards of {Dataset}@v{Version} could not be made; they are tried again when they are next asked for")]
    private partial void LogFailed(string dataset, long version, Exception exception);
}
