using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving;

/// <summary>Tells deployments what went wrong with the generations they have on this worker.</summary>
internal sealed partial class TroubleReports(NodeOptions node, IGrainFactory grains, TimeProvider time, ILogger<TroubleReports> logger)
{
    /// <summary>The same is not told of a generation more often.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>Generations come and go for as long as the worker runs.</summary>
    private const int GreatestRemembered = 1000;
    private readonly ConcurrentDictionary<(long Generation, string Reason), long> _told = new();

    public async Task TellAsync(ReplicaSpec spec, string reason)
    {
        var now = time.GetTimestamp();
        if (_told.TryGetValue((spec.Generation, reason), out var last) && time.GetElapsedTime(last, now) < Pause)
        {
            return;
        }

        _told[(spec.Generation, reason)] = now;
        if (_told.Count > GreatestRemembered)
        {
            ForgetOld(now);
        }

        LogTrouble(spec.ModelName, spec.ModelVersion, spec.DeploymentName, reason);
        try
        {
            await grains.GetGrain<IDeploymentGrain>(spec.Deployment).ReportAsync(
                spec.Generation, new ReplicaTrouble { Worker = node.WorkerNameOrDefault, Reason = reason, Time = time.GetUtcNow() });
        }
        catch (Exception error) when (error is OrleansDLException or Orleans.Runtime.OrleansException or TimeoutException or ObjectDisposedException)
        {
            LogUntold(spec.DeploymentName, error.Message);
        }
    }

    private void ForgetOld(long now)
    {
        foreach (var (what, when) in _told)
        {
            if (time.GetElapsedTime(when, now) >= Pause)
            {
                _told.TryRemove(new(what, when));
            }
        }
    }

    /// <summary>What is told of an execution that was ended.</summary>
    public static string TooLong(TimeSpan limit) => string.Create(CultureInfo.InvariantCulture, $"An execution took longer than {limit.TotalSeconds} s and was ended.");

    [LoggerMessage(LogLevel.Warning, "Trouble with {Model} version {Version} of deployment {Deployment}: {Reason}")]
    private partial void LogTrouble(string model, long version, string deployment, string reason);

    [LoggerMessage(LogLevel.Warning, "Deployment {Deployment} could not be told of it: {Reason}")]
    private partial void LogUntold(string deployment, string reason);
}
