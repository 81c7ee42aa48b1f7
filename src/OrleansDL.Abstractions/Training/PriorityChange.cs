namespace OrleansDL.Training;

/// <summary>Asks for another priority of a run.</summary>
public sealed record PriorityChange
{
    /// <summary>Higher goes first; -1000 to 1000.</summary>
    public required int Priority { get; init; }
}
