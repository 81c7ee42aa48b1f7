using Orleans.Placement;

namespace OrleansDL.Placement;

/// <summary>The grain's key is <c>WORKER</c> or <c>WORKER/...</c>, and it lives on the worker of that name.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OnWorkerAttribute() : PlacementAttribute(new NamedSiloPlacement(NamedSiloPlacement.ByWorker));
