namespace OrleansDL.Datasets;

/// <summary>Whether a source that was imported is still what it was.</summary>
public sealed record SourceCheck
{
    public required string Uri { get; init; }

    /// <summary><c>unchanged</c>, <c>changed</c>, <c>gone</c>, or <c>unknown</c> when the source does not say or cannot be reached.</summary>
    public required string State { get; init; }

    /// <summary>What differs, or why it is not known.</summary>
    public string? Detail { get; init; }
    public required DateTimeOffset FetchedAt { get; init; }
}
