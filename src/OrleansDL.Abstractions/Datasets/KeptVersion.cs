namespace OrleansDL.Datasets;

/// <summary>A version that stays, and why.</summary>
public sealed record KeptVersion
{
    public required long Version { get; init; }

    /// <summary>For example <c>head of branch main</c> or <c>model-version digits@3</c>.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }
}
