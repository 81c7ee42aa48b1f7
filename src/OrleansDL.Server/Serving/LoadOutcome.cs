namespace OrleansDL.Serving;

/// <summary>What came of loading a generation: the workers that have it, or why none could; neither when no worker is there.</summary>
internal sealed record LoadOutcome(IReadOnlyList<string> Workers, ModelSignature? Signature, string? Error)
{
    /// <summary>How long it took, in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>Why no worker could take it now, though nothing is wrong with it.</summary>
    public string? Busy { get; init; }
}
