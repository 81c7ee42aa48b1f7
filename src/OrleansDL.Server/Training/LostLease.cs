namespace OrleansDL.Training;

/// <summary>An attempt whose worker is gone, remembered until the run has heard of it.</summary>
[GenerateSerializer, Alias("lost-lease")]
internal sealed record LostLease
{
    [Id(0)] public Guid Run { get; init; }
    [Id(1)] public int Attempt { get; init; }
    [Id(2)] public string Worker { get; init; } = "";
}
