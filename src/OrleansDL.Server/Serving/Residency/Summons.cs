using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving.Residency;

/// <summary>One deployment's requests to load what is not loaded: one at a time for each generation, and none for a while after one has failed.</summary>
/// <remarks>Its deployment's grain alone calls it, turn by turn.</remarks>
internal sealed partial class Summons(ReplicaDoor replicas, ModelDirectory directory, NodeNotices notices, TimeProvider time, ILogger<Summons> logger)
{
    /// <summary>How long a model that cannot be loaded is not tried again.</summary>
    private static readonly TimeSpan Broken = TimeSpan.FromMinutes(5);

    private readonly Dictionary<long, Task<Summoned>> _running = [];

    /// <summary>Loads a generation somewhere, unless it is loaded where it may be.</summary>
    /// <param name="spec">What is loaded.</param>
    /// <param name="workers">Workers that should have it.</param>
    public Task<Summoned> SummonAsync(ReplicaSpec spec, int workers)
    {
        if (directory.FailureOf(spec.Generation) is { } failure)
        {
            return Task.FromResult(new Summoned { Reason = failure.Reason });
        }

        if (!_running.TryGetValue(spec.Generation, out var running))
        {
            _running[spec.Generation] = running = OnceAsync(spec, workers);
        }

        return running;
    }

    private async Task<Summoned> OnceAsync(ReplicaSpec spec, int workers)
    {
        // Whoever asks finds it running, however soon it ends.
        await Task.Yield();
        try
        {
            var outcome = await replicas.SummonAsync(spec, workers);
            if (outcome is { Workers.Count: 0, Error: { } error })
            {
                var failure = new ModelFailure { Generation = spec.Generation, Reason = error, Until = time.GetUtcNow() + Broken };
                directory.Fail(failure);
                LogFailed(spec.DeploymentName, spec.ModelName, spec.ModelVersion, error);
                await notices.PushAsync(ServingTopics.Failures, JsonSerializer.Serialize(failure, OdlJson.Options));
            }

            return new Summoned { Workers = outcome.Workers, Reason = outcome.Workers.Count == 0 ? outcome.Error ?? outcome.Busy ?? "no worker is there to load it" : null };
        }
        finally
        {
            _running.Remove(spec.Generation);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Deployment {Deployment} could not load {Model} version {Version} for a request; it is tried again in five minutes, or when it is changed. {Reason}")]
    private partial void LogFailed(string deployment, string model, long version, string reason);
}
