namespace OrleansDL.Serving;

/// <summary>How far a canary has come. The numbers are stored: they never change.</summary>
public enum CanaryStatus
{
    Running = 0,

    /// <summary>It passed every step and answers everything.</summary>
    Promoted = 1,

    /// <summary>It failed a step and answers nothing.</summary>
    RolledBack = 2,
}
