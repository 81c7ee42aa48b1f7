namespace OrleansDL.Training;

/// <summary>The answer on the control channel.</summary>
internal sealed record ControlAnswer
{
    public required RunnerCommand Command { get; init; }
}
