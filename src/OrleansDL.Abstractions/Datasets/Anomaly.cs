namespace OrleansDL.Datasets;

/// <summary>One odd thing about a commit, with its numbers and what to do next.</summary>
[GenerateSerializer, Immutable, Alias("anomaly")]
public sealed record Anomaly
{
    [Id(0)] public required AnomalySeverity Severity { get; init; }
    [Id(1)] public required AnomalyKind Kind { get; init; }

    /// <summary>Null when it concerns the rows as a whole.</summary>
    [Id(2)] public string? Column { get; init; }

    /// <summary>What was found, against what, and the next step.</summary>
    [Id(3)] public required string Message { get; init; }

    /// <summary>The measured number, in the unit that the message names.</summary>
    [Id(4)] public double? Value { get; init; }

    /// <summary>The number from which on it is an anomaly.</summary>
    [Id(5)] public double? Limit { get; init; }
}
