namespace OrleansDL.Runner;

/// <summary>How this process ends, as the training contract numbers it.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>An error nobody foresaw: another try may help.</summary>
    public const int Crashed = 70;

    /// <summary>The memory did not suffice.</summary>
    public const int OutOfMemory = 76;

    /// <summary>Try again: a checkpoint is there, or nobody is left to report to.</summary>
    public const int TryAgain = 75;

    /// <summary>What an error that is not the user's says of the next try. libtorch tells of memory only in words.</summary>
    public static int Of(Exception error) =>
        error is OutOfMemoryException
        || error.ToString().Contains("allocate memory", StringComparison.OrdinalIgnoreCase)
        || error.ToString().Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            ? OutOfMemory
            : Crashed;
}
