namespace OrleansDL.Training;

/// <summary>Where the workers that train a run together listen.</summary>
public sealed record Rendezvous
{
    /// <summary>By rank; null while some have not said so.</summary>
    public IReadOnlyList<string>? Addresses { get; init; }
}
