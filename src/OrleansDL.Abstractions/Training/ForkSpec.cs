namespace OrleansDL.Training;

/// <summary>A checkpoint of another run that a run goes on from.</summary>
[GenerateSerializer, Immutable, Alias("fork-spec")]
public sealed record ForkSpec
{
    /// <summary>Name or id of the other run, in the same project.</summary>
    [Id(0)] public required string Run { get; init; }

    /// <summary>Step of one of its checkpoints; null: the newest.</summary>
    [Id(1)] public long? Step { get; init; }
}
