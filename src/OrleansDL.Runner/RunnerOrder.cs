namespace OrleansDL.Runner;

/// <summary>One line of a waiting runner's stdin: the next program.</summary>
/// <param name="Folder">Its working folder.</param>
/// <param name="Environment">The training contract's environment; nothing else of the kind holds.</param>
/// <param name="End">What is written as a line to stdout and stderr when it has ended well.</param>
internal sealed record RunnerOrder(string Folder, IReadOnlyDictionary<string, string> Environment, string End);
