using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>A network before there is a tensor: its blocks with shapes and numbers of parameters, the output layer included.</summary>
internal sealed record NetworkPlan
{
    /// <summary>Name of the block whose output is an autoencoder's embedding.</summary>
    public const string EmbeddingBlock = "embedding";

    public required IReadOnlyList<PlannedBlock> Blocks { get; init; }
    public required NetworkEnds Ends { get; init; }

    public long Parameters => Blocks.Sum(block => block.AllParameters);

    public BlockShape Output => Blocks[^1].Output;

    /// <param name="spec">With every default filled in.</param>
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static NetworkPlan Make(NetworkSpec spec, NetworkEnds ends)
    {
        var planner = new BlockPlanner(ends.Vocabulary, ends.Cardinalities);
        var body = planner.Plan(FamilyBlocks.Of(spec, ends), ends.Input, index => spec.Family == "blocks" ? $"network.blocks[{index}]" : "network");
        var value = body.Count == 0 ? ends.Input : body[^1].Output;
        var plan = new NetworkPlan { Blocks = [.. body, .. planner.Plan(HeadBlocks.Of(spec, ends, value), value, _ => "network")], Ends = ends };
        HeadBlocks.CheckOutput(spec, ends, plan.Output);
        return plan.Parameters <= int.MaxValue
            ? plan
            : throw new InvalidException($"network has {plan.Parameters:N0} parameters. The most is {int.MaxValue:N0}: lower its sizes.");
    }
}
