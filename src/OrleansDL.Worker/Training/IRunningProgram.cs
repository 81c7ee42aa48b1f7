namespace OrleansDL.Training;

/// <summary>A training program that runs: in a process of its own, or in one that others had before it.</summary>
internal interface IRunningProgram : IAsyncDisposable
{
    /// <summary>The process it runs in.</summary>
    int Pid { get; }

    /// <summary>Waits for its end and for what it wrote.</summary>
    /// <returns>The exit code; 128 and the signal's number for one that was killed.</returns>
    Task<int> WaitAsync();

    /// <summary>The last lines of stderr.</summary>
    string Reason(int exitCode);

    /// <summary>Asks it to leave; kills it when it has not within the grace time.</summary>
    Task StopAsync(TimeSpan grace);

    /// <summary>Has it write to stderr what its threads do, if it knows how to: SIGUSR1 ends a program that does not.</summary>
    void AskForStacks();

    /// <summary>Ends it at once.</summary>
    void Kill();
}
