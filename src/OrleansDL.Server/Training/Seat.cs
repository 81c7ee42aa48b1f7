namespace OrleansDL.Training;

/// <summary>Members of a run on one incarnation of a worker.</summary>
[GenerateSerializer, Alias("seat")]
internal sealed record Seat
{
    [Id(0)] public string Worker { get; init; } = "";
    [Id(1)] public string Incarnation { get; init; } = "";
    [Id(2)] public int Members { get; init; } = 1;
}
