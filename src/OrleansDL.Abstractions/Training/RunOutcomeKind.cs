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
}
