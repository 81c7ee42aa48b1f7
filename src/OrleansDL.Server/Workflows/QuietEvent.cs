namespace OrleansDL.Workflows;

/// <summary>The newest event a debounced trigger has heard.</summary>
[GenerateSerializer, Immutable, Alias("quiet-event")]
internal sealed record QuietEvent
{
    /// <summary>Its position in the project's sequence: events may be told out of order.</summary>
    [Id(0)] public required long Sequence { get; init; }
    [Id(1)] public required Guid Id { get; init; }
}
