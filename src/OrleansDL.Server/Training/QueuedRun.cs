namespace OrleansDL.Training;

/// <summary>A wish for slots that waits.</summary>
[GenerateSerializer, Alias("queued-run")]
internal sealed record QueuedRun
{
    [Id(0)] public Guid Run { get; init; }
    [Id(1)] public int Attempt { get; init; }
    [Id(2)] public int Slots { get; init; } = 1;
    [Id(3)] public DateTimeOffset QueuedAt { get; init; }
}
