namespace OrleansDL.Training;

/// <summary>What the end of a program's process means.</summary>
internal static class ProgramEnd
{
    /// <summary>An error that nobody foresaw: another try may help.</summary>
    private const int Crashed = 70;

    /// <summary>By which a program asks for another try.</summary>
    private const int TryAgain = 75;

    /// <summary>By which a program says that its memory did not suffice.</summary>
    private const int OutOfMemory = 76;
    private const int Signalled = 128;
    private const int Killed = 9;

    /// <summary>SIGHUP, SIGINT, SIGTERM: someone ended it.</summary>
    private static readonly int[] Ended = [1, 2, 15];

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV: it ended itself.</summary>
    private static readonly int[] Faults = [4, 5, 6, 7, 8, 11];

    private static readonly string[] MemoryPhrases =
        ["out of memory", "can't allocate memory", "cannot allocate memory", "OutOfMemoryException", "MemoryError", "std::bad_alloc"];

    /// <param name="exitCode">128 and the signal's number for a process that was killed.</param>
    /// <param name="lastWords">What it wrote last to stderr.</param>
    /// <param name="kernelKilled">Whether the kernel killed a process for want of memory meanwhile.</param>
    public static RunOutcomeKind KindOf(int exitCode, string lastWords, bool kernelKilled) => exitCode switch
    {
        0 => RunOutcomeKind.Done,
        TryAgain => RunOutcomeKind.Lost,
        OutOfMemory => RunOutcomeKind.OutOfMemory,
        Signalled + Killed => kernelKilled ? RunOutcomeKind.OutOfMemory : RunOutcomeKind.Lost,
        _ when Ended.Contains(exitCode - Signalled) => RunOutcomeKind.Lost,
        _ when Array.Exists(MemoryPhrases, phrase => lastWords.Contains(phrase, StringComparison.OrdinalIgnoreCase)) => RunOutcomeKind.OutOfMemory,
        Crashed => RunOutcomeKind.Crashed,
        _ when Faults.Contains(exitCode - Signalled) => RunOutcomeKind.Crashed,
        _ => RunOutcomeKind.Failed,
    };

    /// <summary>How often the kernel has killed a process of this machine for want of memory, since it started.</summary>
    public static long KernelKills()
    {
        try
        {
            foreach (var line in File.ReadLines("/proc/vmstat"))
            {
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan("oom_kill ".Length), System.Globalization.CultureInfo.InvariantCulture);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // Another system: a kill is then taken for one from outside.
        }

        return 0;
    }
}
