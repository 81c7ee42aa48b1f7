namespace OrleansDL;

/// <summary>Which page of a list is asked for. <see cref="Size"/> is 1 to 1000.</summary>
[GenerateSerializer, Immutable, Alias("page-request")]
public sealed record PageRequest
{
    public const int MaximumSize = 1000;

    [Id(0)] public int Size { get; init; } = 100;
    [Id(1)] public string? Token { get; init; }

    public static PageRequest First { get; } = new();
}
