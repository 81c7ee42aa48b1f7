namespace OrleansDL.Training;

/// <summary>What a runner is told over its control channel.</summary>
internal enum RunnerCommand
{
    None,
    Stop,
    Checkpoint,
}
