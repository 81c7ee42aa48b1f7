using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>A block with its place in a network: every option and shape is decided.</summary>
internal sealed record PlannedBlock
{
    public required BlockSpec Spec { get; init; }

    /// <summary>What its parameters' names begin with, all lists it lies in included.</summary>
    public required string Name { get; init; }
    public required BlockShape Input { get; init; }
    public required BlockShape Output { get; init; }

    /// <summary>Learnt values, those of blocks within it not included.</summary>
    public required long Parameters { get; init; }
    public IReadOnlyList<PlannedBlock> Blocks { get; init; } = [];
    public IReadOnlyList<PlannedBlock> Shortcut { get; init; } = [];

    public long AllParameters => Parameters + Blocks.Concat(Shortcut).Sum(block => block.AllParameters);

    /// <summary>Values a row leaves behind on its way, for backward to come.</summary>
    public long AllActivations => Output.Count + Blocks.Concat(Shortcut).Sum(block => block.AllActivations);
}
