namespace OrleansDL.Serving.Ensembles;

/// <summary>What came of looking at an ensemble's steps: what it answers, or why it cannot, or what it waits for.</summary>
internal sealed record EnsembleOutcome(ModelSignature? Signature, string? Error = null, string? Waiting = null);
