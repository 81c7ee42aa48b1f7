using Orleans.Placement;

namespace OrleansDL.Placement;

/// <summary>The grain's key is the address of the silo it lives on.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OnSiloAttribute() : PlacementAttribute(new NamedSiloPlacement(NamedSiloPlacement.ByAddress));
