namespace OrleansDL.Training;

/// <summary>A user's wish that a waiting run be served directly before or behind another.</summary>
[GenerateSerializer, Alias("queue-move")]
internal sealed record QueueMove
{
    [Id(0)] public Guid Run { get; init; }
    [Id(1)] public Guid Anchor { get; init; }
    [Id(2)] public bool Ahead { get; init; }
}
