namespace OrleansDL.Training;

/// <summary>One line a run wrote.</summary>
[GenerateSerializer, Immutable, Alias("log-line")]
public sealed record LogLine
{
    [Id(0)] public required long Number { get; init; }
    [Id(1)] public required int Attempt { get; init; }
    [Id(2)] public required DateTimeOffset Time { get; init; }
    [Id(3)] public required string Text { get; init; }
}
