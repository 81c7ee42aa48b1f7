using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Residency;

/// <summary>Brings requests to generations on demand: to where they are loaded, or, after a wait, to where they were loaded for them.</summary>
internal sealed class ResidentRoutes(ModelDirectory directory, IGrainFactory grains, TimeProvider time, IOptions<ResidencyOptions> options, ResidencyMetrics metrics)
{
    private readonly ResidencyOptions _options = options.Value;
    private readonly ConcurrentDictionary<long, Hold> _holds = new();
    private int _held;

    /// <summary>A replica of the generation; null when the deployment no longer serves it.</summary>
    /// <exception cref="NoCapacityException">It is not loaded in time, or cannot be; the message says why.</exception>
    public ValueTask<(string Worker, IReplica Replica)?> FindAsync(Route route, long generation, CancellationToken cancellationToken) =>
        directory.Find(generation) is { } residence ? new(residence.Next()) : new(HoldAsync(route, generation, cancellationToken));

    /// <summary>A replica that was said to be there is not.</summary>
    public void Forget(long generation, string worker) => directory.Forget(generation, worker);

    private async Task<(string Worker, IReplica Replica)?> HoldAsync(Route route, long generation, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var hold = _holds.GetOrAdd(generation, _ => new Hold(() => SummonAsync(route.Deployment, generation)));
        var (held, waiting) = (Interlocked.Increment(ref _held), hold.Enter());
        try
        {
            if (held > _options.MaximumHeld || waiting > _options.MaximumHeldPerModel)
            {
                throw new NoCapacityException($"Deployment '{route.Name}' is being loaded, and too many requests wait for models already. Try again.");
            }

            var summoned = await hold.Summoned.WaitAsync(_options.MaximumHold, time, cancellationToken);
            if (summoned.Gone)
            {
                return null;
            }

            if (summoned.Reason is { } reason)
            {
                throw new NoCapacityException($"Deployment '{route.Name}' is not ready: {reason}");
            }

            metrics.OnHeld(time.GetElapsedTime(began));

            // Not by the directory: a late notice of an earlier eviction may have come in between.
            var worker = summoned.Workers[Random.Shared.Next(summoned.Workers.Count)];
            return (worker, directory.ReplicaOn(worker, generation));
        }
        catch (TimeoutException)
        {
            metrics.OnRefused();
            throw new NoCapacityException($"Deployment '{route.Name}' is still being loaded. Try again.");
        }
        catch (NoCapacityException)
        {
            metrics.OnRefused();
            throw;
        }
        finally
        {
            hold.Leave();
            Interlocked.Decrement(ref _held);
        }
    }

    private async Task<Summoned> SummonAsync(Guid deployment, long generation)
    {
        try
        {
            var summoned = await grains.GetGrain<IDeploymentGrain>(deployment).SummonAsync(generation);
            foreach (var worker in summoned.Workers)
            {
                directory.Put(generation, worker);
            }

            return summoned;
        }
        catch (OrleansException error)
        {
            return new Summoned { Reason = error.Message };
        }
        finally
        {
            _holds.TryRemove(generation, out _);
        }
    }
}
