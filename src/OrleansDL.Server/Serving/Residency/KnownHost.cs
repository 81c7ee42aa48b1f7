namespace OrleansDL.Serving.Residency;

/// <summary>A worker's memory as it told last.</summary>
/// <param name="Host">What it told.</param>
/// <param name="Incarnation">Its process.</param>
/// <param name="Sequence">Number of the last notice.</param>
/// <param name="HeardAt">Timestamp of the last notice.</param>
internal sealed record KnownHost(ModelHost Host, Guid Incarnation, long Sequence, long HeardAt);
