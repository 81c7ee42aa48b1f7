namespace OrleansDL.Models;

/// <summary>What can be changed of a model: its name.</summary>
internal sealed record ModelChange
{
    public required string Name { get; init; }
}
