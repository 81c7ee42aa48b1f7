namespace OrleansDL.Workflows.Running;

/// <summary>Why an attempt is given up; <paramref name="Kind"/> as in a retry's <c>on</c>, or <c>cancel</c>.</summary>
internal sealed record StepStopping(int Attempt, string Kind, string Reason)
{
    public const string Cancel = "cancel";
}
