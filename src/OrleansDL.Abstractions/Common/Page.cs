namespace OrleansDL;

/// <summary>One page of a list. <see cref="NextPageToken"/> is null on the last page.</summary>
[GenerateSerializer, Immutable, Alias("page`1")]
public sealed record Page<T>
{
    [Id(0)] public required IReadOnlyList<T> Items { get; init; }
    [Id(1)] public string? NextPageToken { get; init; }
}
