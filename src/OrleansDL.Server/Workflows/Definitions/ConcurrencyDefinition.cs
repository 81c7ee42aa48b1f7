namespace OrleansDL.Workflows.Definitions;

/// <summary>How many runs of the workflow may be on at once, and what happens to one more.</summary>
/// <param name="Limit">1 to 100.</param>
/// <param name="OnConflict"><c>queue</c>: it waits; <c>replace</c>: the oldest is cancelled; <c>skip</c>: it is not started.</param>
internal sealed record ConcurrencyDefinition(int Limit, string OnConflict);
