using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace OrleansDL.Placement;

/// <summary>Finds the silo that a grain's key names, or says that there is no capacity while it is away.</summary>
internal sealed class NamedSiloDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var key = target.GrainIdentity.Key.ToString()!;
        var candidates = context.GetCompatibleSilos(target);
        foreach (var silo in candidates)
        {
            if (((NamedSiloPlacement)strategy).By == NamedSiloPlacement.ByAddress
                ? silo.ToParsableString() == key
                : metadata.GetSiloMetadata(silo).Metadata.TryGetValue(WorkerMetadata.Name, out var worker)
                  && key.StartsWith(worker, StringComparison.Ordinal) && (key.Length == worker.Length || key[worker.Length] == '/'))
            {
                return Task.FromResult(silo);
            }
        }

        throw new NoCapacityException($"'{key.Split('/')[0]}' is not in the cluster now. GET /v1/workers lists the workers that are.");
    }
}
