namespace OrleansDL.Runner;

/// <summary>Body of <c>POST /checkpoint</c>.</summary>
internal sealed record CheckpointNotice(long Step, string Path, double? Score);
