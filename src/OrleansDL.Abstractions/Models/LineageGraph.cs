namespace OrleansDL.Models;

/// <summary>The part of the lineage graph reached from one node.</summary>
[GenerateSerializer, Immutable, Alias("lineage-graph")]
public sealed record LineageGraph
{
    [Id(0)] public required LineageNode Root { get; init; }
    [Id(1)] public required IReadOnlyList<LineageNode> Nodes { get; init; }
    [Id(2)] public required IReadOnlyList<LineageEdge> Edges { get; init; }

    /// <summary>Whether the depth or row limit cut the walk short.</summary>
    [Id(3)] public bool Truncated { get; init; }
}
