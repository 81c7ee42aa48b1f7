namespace OrleansDL.Runner;

/// <summary>How this process ends, as the training contract numbers it.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>Try again: a checkpoint is there, or nobody is left to report to.</summary>
    public const int TryAgain = 75;
}
