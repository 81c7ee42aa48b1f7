using Orleans.Metadata;

namespace OrleansDL.Placement;

/// <summary>Placement on the one silo that the grain's key names.</summary>
[GenerateSerializer, Immutable, Alias("named-silo")]
internal sealed class NamedSiloPlacement : PlacementStrategy
{
    public const string ByAddress = "address";
    public const string ByWorker = "worker";
    private const string Property = "odl-placed-by";

    public NamedSiloPlacement()
    {
    }

    public NamedSiloPlacement(string by) => By = by;

    [Id(0)] public string By { get; private set; } = ByAddress;

    public override void Initialize(GrainProperties properties)
    {
        base.Initialize(properties);
        By = properties.Properties.TryGetValue(Property, out var by) ? by : ByAddress;
    }

    public override void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties[Property] = By;
    }
}
