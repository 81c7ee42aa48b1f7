namespace OrleansDL.Training;

/// <summary>What the table knows of a run that its state does not: how far its reports got.</summary>
internal sealed record RunHead
{
    public required int Attempt { get; init; }
    public RunProgress? Progress { get; init; }
}
