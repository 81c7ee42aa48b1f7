namespace OrleansDL.Datasets;

/// <summary>Asks for a tag on a version.</summary>
internal sealed record TagSpec
{
    public required string Tag { get; init; }
}
