namespace OrleansDL.Workflows.Definitions;

/// <summary>Where something stands in a workflow file.</summary>
internal sealed record Place(string Path, long Line)
{
    public InvalidException Wrong(string problem) =>
        new($"{(Path.Length == 0 ? "The workflow" : Path)} (line {Line}): {problem}");
}
