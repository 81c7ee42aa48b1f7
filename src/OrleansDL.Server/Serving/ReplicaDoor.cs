using OrleansDL.Serving.Residency;
using OrleansDL.Training;

namespace OrleansDL.Serving;

/// <summary>The one door to replicas: chooses workers, loads and unloads, and tells a worker that is away from a model that is broken.</summary>
internal sealed class ReplicaDoor(IGrainFactory grains, ModelPlacement placement)
{
    private const string Pool = "default";

    /// <summary>Loads a generation on as many live workers as wanted, the preferred ones first. Loading what is loaded costs little.</summary>
    public async Task<LoadOutcome> LoadAsync(ReplicaSpec spec, int wanted, IReadOnlyList<string> preferred)
    {
        if (spec.Residency is { } residency)
        {
            return await SummonAsync(spec, Math.Max(1, residency.MinimumReplicas));
        }

        var there = await grains.GetGrain<ISchedulerGrain>(Pool).ListWorkersAsync();
        var workers = WorkerChoice.Of(there, spec, wanted, preferred);
        var outcomes = await Task.WhenAll(workers.Select(worker => LoadOnAsync(worker, spec)));
        return new LoadOutcome(
            [.. workers.Where((_, index) => outcomes[index].Signature is not null)],
            Array.Find(outcomes, outcome => outcome.Signature is not null).Signature,
            Array.Find(outcomes, outcome => outcome.Error is not null).Error)
        { Busy = WorkerChoice.Refusal(there, spec.Device) };
    }

    /// <summary>Loads a generation on demand on as many workers as wanted, one after the other, those that have it first.</summary>
    public async Task<LoadOutcome> SummonAsync(ReplicaSpec spec, int wanted)
    {
        List<string> loaded = [];
        ModelSignature? signature = null;
        var workers = await placement.OrderAsync(spec, isFresh: !spec.Awaited);
        var busy = workers.Count == 0 ? placement.Refusal(spec) : null;
        foreach (var worker in workers)
        {
            try
            {
                signature = await Replica(worker, spec.Generation).LoadAsync(spec);
                loaded.Add(worker);
                placement.OnLoaded(spec, worker);
            }
            catch (NoCapacityException error)
            {
                busy = error.Message;
            }
            catch (Exception error) when (IsAway(error))
            {
                busy ??= $"worker '{worker}' does not answer";
            }
            catch (OrleansDLException error)
            {
                return new LoadOutcome(loaded, signature, error.Message);
            }

            if (loaded.Count == wanted)
            {
                break;
            }
        }

        return new LoadOutcome(loaded, signature, null) { Busy = busy };
    }

    /// <summary>Unloads a generation. A worker that is away has unloaded it already.</summary>
    public async Task UnloadAsync(string worker, long generation)
    {
        try
        {
            await Replica(worker, generation).UnloadAsync();
        }
        catch (Exception error) when (IsAway(error))
        {
            return;
        }
    }

    /// <summary>Unloads a generation on every worker there is.</summary>
    /// <returns>The workers.</returns>
    public async Task<IReadOnlyList<string>> UnloadAnywhereAsync(long generation)
    {
        var workers = (await grains.GetGrain<ISchedulerGrain>(Pool).ListWorkersAsync()).Where(worker => worker.Alive).Select(worker => worker.Name).ToList();
        await Task.WhenAll(workers.Select(worker => UnloadAsync(worker, generation)));
        return workers;
    }

    private async Task<(ModelSignature? Signature, string? Error)> LoadOnAsync(string worker, ReplicaSpec spec)
    {
        try
        {
            return (await Replica(worker, spec.Generation).LoadAsync(spec), null);
        }
        catch (Exception error) when (IsAway(error))
        {
            return (null, null);
        }
        catch (OrleansDLException error)
        {
            return (null, error.Message);
        }
    }

    private IReplicaGrain Replica(string worker, long generation) => grains.GetGrain<IReplicaGrain>($"{worker}/{generation}");

    /// <remarks>Orleans says ArgumentException when no silo ever hosted the grain's class.</remarks>
    private static bool IsAway(Exception error) =>
        error is NoCapacityException or ArgumentException or OrleansException or SiloUnavailableException;
}
