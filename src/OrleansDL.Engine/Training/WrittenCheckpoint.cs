namespace OrleansDL.Training;

/// <summary>A checkpoint file.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Path">Where it lies.</param>
/// <param name="Score">How good the epoch it ends was, greater is better; null when it is not to be kept for that.</param>
public sealed record WrittenCheckpoint(long Step, string Path, double? Score);
