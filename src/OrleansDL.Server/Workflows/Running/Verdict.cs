namespace OrleansDL.Workflows.Running;

/// <summary>How one criterion was judged. When it could not be (a metric is missing), the step fails; NaN decides against it.</summary>
internal sealed record Verdict(CriterionResult Result, bool IsDecided);
