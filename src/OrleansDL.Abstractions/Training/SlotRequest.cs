namespace OrleansDL.Training;

/// <summary>A run's wish for slots.</summary>
[GenerateSerializer, Immutable, Alias("slot-request")]
public sealed record SlotRequest
{
    [Id(0)] public required Guid Run { get; init; }
    [Id(1)] public required int Attempt { get; init; }
    [Id(2)] public required int Slots { get; init; }
    [Id(3)] public required DateTimeOffset QueuedAt { get; init; }
}
