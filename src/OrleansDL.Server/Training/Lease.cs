namespace OrleansDL.Training;

/// <summary>Slots of one incarnation of a worker, held by one attempt of a run.</summary>
[GenerateSerializer, Alias("lease")]
internal sealed record Lease
{
    [Id(0)] public Guid Run { get; init; }
    [Id(1)] public int Attempt { get; init; }
    [Id(2)] public int Slots { get; init; } = 1;
    [Id(3)] public string Worker { get; init; } = "";
    [Id(4)] public string Incarnation { get; init; } = "";
}
