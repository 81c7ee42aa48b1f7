namespace OrleansDL.Training;

/// <summary>A process that waits for a program.</summary>
/// <param name="Runner">The process.</param>
/// <param name="Since">When it began to wait.</param>
/// <param name="Expiry">Ends it when it has waited for too long.</param>
internal sealed record IdleRunner(WarmRunner Runner, long Since, ITimer Expiry)
{
    public void End()
    {
        Expiry.Dispose();
        Runner.Dispose();
    }
}
