using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving.Residency;

/// <summary>Asks deployments for further copies of what is busy here, and lets go of copies that others make up for, or that are to leave this worker.</summary>
internal sealed partial class ModelCopies(ModelMemory memory, NodeOptions node, IGrainFactory grains, TimeProvider time, ILogger<ModelCopies> logger)
{
    private const int MovedAtOnce = 4;

    /// <summary>So long is looked at how a model was used.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private readonly Dictionary<long, Seen> _seen = [];
    private Task _moving = Task.CompletedTask;

    /// <summary>Ends when what was to be moved has been, or could not be.</summary>
    public Task Moved => _moving;

    /// <summary>Looks at every model that may have copies. It is called by one, every second.</summary>
    public async Task TendAsync()
    {
        var now = time.GetTimestamp();
        var scalable = memory.OnDemand().Where(model => model.Spec.Residency!.MaximumReplicas > 1).ToList();
        foreach (var gone in _seen.Keys.Except(scalable.Select(model => model.Spec.Generation)).ToList())
        {
            _seen.Remove(gone);
        }

        foreach (var model in scalable)
        {
            var current = new Seen(now, model.Use.Count, model.Replica.QueueTime, QuietSince: null);
            if (!_seen.TryGetValue(model.Spec.Generation, out var before))
            {
                _seen[model.Spec.Generation] = current;
            }
            else if (time.GetElapsedTime(before.At, now) is var elapsed && elapsed >= Window)
            {
                var (requests, residency) = (current.Requests - before.Requests, model.Spec.Residency!);
                var quietSince = CopyRule.IsQuiet(residency, requests, elapsed) ? before.QuietSince ?? before.At : (long?)null;
                _seen[model.Spec.Generation] = current with { QuietSince = quietSince };
                if (CopyRule.WantsMore(residency, requests, current.Queued - before.Queued, elapsed))
                {
                    await AskAsync(model, more: true);
                }
                else if (model.Spec.Evictable && quietSince is { } since && time.GetElapsedTime(since, now) >= CopyRule.QuietFor && await AskAsync(model, more: false))
                {
                    await UnloadAsync(model.Spec.Generation);
                }
            }
        }
    }

    /// <summary>Begins to move what is loaded on demand to other workers, the most asked for first. What no other can take stays, and answers.</summary>
    public void MoveAway()
    {
        if (_moving.IsCompleted)
        {
            _moving = Task.Run(() => Parallel.ForEachAsync(
                memory.OnDemand().OrderByDescending(model => model.Use.Count),
                new ParallelOptions { MaxDegreeOfParallelism = MovedAtOnce },
                async (model, _) => await MoveAsync(model)));
        }
    }

    private async Task MoveAsync(ResidentModel model)
    {
        try
        {
            // The placement no longer counts this worker in: whoever has it then is another one.
            var summoned = await grains.GetGrain<IDeploymentGrain>(model.Spec.Deployment).SummonAsync(model.Spec.Generation, awaited: false);
            if (summoned.Gone || summoned.Workers.Any(worker => worker != node.WorkerNameOrDefault))
            {
                await UnloadAsync(model.Spec.Generation);
            }
        }
        catch (Exception error) when (error is OrleansException or OrleansDLException or TimeoutException)
        {
            LogNotMoved(model.Spec.DeploymentName, model.Spec.Generation, error.Message);
        }
    }

    private async Task<bool> AskAsync(ResidentModel model, bool more)
    {
        try
        {
            return await grains.GetGrain<IDeploymentGrain>(model.Spec.Deployment).ScaleAsync(model.Spec.Generation, node.WorkerNameOrDefault, more);
        }
        catch (Exception error) when (error is OrleansException or OrleansDLException or TimeoutException)
        {
            LogNotScaled(model.Spec.DeploymentName, model.Spec.Generation, error.Message);
            return false;
        }
    }

    // Through its grain, which lets the requests in flight end first.
    private Task UnloadAsync(long generation) => grains.GetGrain<IReplicaGrain>($"{node.WorkerNameOrDefault}/{generation}").UnloadAsync();

    [LoggerMessage(LogLevel.Warning, "Generation {Generation} of deployment {Deployment} stays on this worker, where it goes on answering: {Reason}")]
    private partial void LogNotMoved(string deployment, long generation, string reason);

    [LoggerMessage(LogLevel.Debug, "Deployment {Deployment} could not be asked about copies of generation {Generation}: {Reason}")]
    private partial void LogNotScaled(string deployment, long generation, string reason);

    private sealed record Seen(long At, long Requests, TimeSpan Queued, long? QuietSince);
}
