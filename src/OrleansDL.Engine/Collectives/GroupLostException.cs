namespace OrleansDL.Collectives;

/// <summary>The ranks of a run can no longer work together: one was lost, left, or is not where the others are. Training goes on from the checkpoint with a new group.</summary>
public sealed class GroupLostException(string message) : Exception(message);
