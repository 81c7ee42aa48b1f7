namespace OrleansDL.Training;

/// <summary>How an attempt's process ended.</summary>
public enum RunOutcomeKind
{
    /// <summary>Exit code 0.</summary>
    Done = 0,

    /// <summary>The program failed; trying again would fail again.</summary>
    Failed = 1,

    /// <summary>The process died or asked for another try (exit code 75): it goes on from the last checkpoint.</summary>
    Lost = 2,

    /// <summary>It stopped because it was told to.</summary>
    Stopped = 3,

    /// <summary>The process died of its own doing (a signal such as SIGSEGV, an error nobody foresaw): another try may help.</summary>
    Crashed = 4,

    /// <summary>It needed more memory than there is.</summary>
    OutOfMemory = 5,

    /// <summary>It made no progress for its limit and was killed.</summary>
    Hung = 6,
}
