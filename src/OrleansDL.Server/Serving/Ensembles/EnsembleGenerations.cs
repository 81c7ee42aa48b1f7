using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Serving.Ensembles;

/// <summary>
/// The generations that stand for an ensemble with the generations of the steps that answered. The ensemble's grain gives a combination its number the first time it
/// comes up on a server; from then on it is looked up in memory.
/// </summary>
internal sealed partial class EnsembleGenerations(IGrainFactory grains, ILogger<EnsembleGenerations> logger)
{
    private const int Kept = 4096;
    private readonly ConcurrentDictionary<Combination, long> _known = new();

    public ValueTask<long> OfAsync(Route route, long[] steps)
    {
        var combination = new Combination(route.Generation!.Value, steps);
        return _known.TryGetValue(combination, out var number) ? ValueTask.FromResult(number) : new ValueTask<long>(AskAsync(route, combination));
    }

    private async Task<long> AskAsync(Route route, Combination combination)
    {
        try
        {
            var number = await grains.GetGrain<IDeploymentGrain>(route.Deployment).CombineAsync(combination.Ensemble, combination.Steps);
            if (_known.Count >= Kept)
            {
                // Steps that were swapped long ago: whatever still comes up is asked for once more.
                _known.Clear();
            }

            _known[combination] = number;
            return number;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            LogUnnumbered(route.Name, error);
            return combination.Ensemble;
        }
    }

    private readonly struct Combination(long ensemble, long[] steps) : IEquatable<Combination>
    {
        public long Ensemble => ensemble;

        public long[] Steps => steps;

        public bool Equals(Combination other) => ensemble == other.Ensemble && steps.AsSpan().SequenceEqual(other.Steps);

        public override bool Equals(object? obj) => obj is Combination other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(ensemble);
            foreach (var step in steps)
            {
                hash.Add(step);
            }

            return hash.ToHashCode();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The steps that answered for ensemble {Deployment} could not be recorded; the answer's inference id leads to the ensemble alone")]
    private partial void LogUnnumbered(string deployment, Exception exception);
}
