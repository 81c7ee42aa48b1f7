namespace OrleansDL.Identity;

/// <summary>What the token in use may do.</summary>
public sealed record WhoAmI
{
    public required Role Role { get; init; }

    /// <summary>The one project it is good for; null for all.</summary>
    public string? Project { get; init; }
    public string? Title { get; init; }
}
