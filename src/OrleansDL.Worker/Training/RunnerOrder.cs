namespace OrleansDL.Training;

/// <summary>What a waiting runner is told, as one line of JSON on its stdin.</summary>
/// <param name="Folder">Its working folder.</param>
/// <param name="Environment">The training contract's environment: these variables stand for those of the process.</param>
/// <param name="End">What it writes as a line to stdout and stderr when the program has ended well.</param>
internal sealed record RunnerOrder(string Folder, IReadOnlyDictionary<string, string> Environment, string End);
