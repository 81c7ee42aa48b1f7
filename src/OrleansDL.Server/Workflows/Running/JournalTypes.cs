namespace OrleansDL.Workflows.Running;

/// <summary>The types of journal entries. They are stored: names and fields stay.</summary>
internal static class JournalTypes
{
    public const string RunStarted = "run-started";
    public const string StepStarted = "step-started";

    /// <summary>An attempt is given up (timeout, cancellation): what it set going is being stopped.</summary>
    public const string StepStopping = "step-stopping";

    /// <summary>An attempt failed, and another one follows.</summary>
    public const string StepRetry = "step-retry";
    public const string StepFinished = "step-finished";
    public const string CancelRequested = "cancel-requested";
    public const string RunFinished = "run-finished";
}
