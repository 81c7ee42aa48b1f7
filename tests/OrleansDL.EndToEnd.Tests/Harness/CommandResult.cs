namespace OrleansDL.Tests.Harness;

/// <summary>How a command ended and what it said.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public string Succeeded() => ExitCode == 0
        ? Output
        : throw new InvalidOperationException($"The command ended with {ExitCode}.\n{Output}\n{Error}");
}
