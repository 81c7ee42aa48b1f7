namespace OrleansDL.Workflows.Running;

/// <summary>The run is to stop: someone asked, or its deadline has passed.</summary>
internal sealed record CancelRequested(string Reason, bool Deadline);
