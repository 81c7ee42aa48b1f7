namespace OrleansDL.Datasets.Validation;

/// <summary>What a policy may say.</summary>
internal static class PolicyRules
{
    public const int MaximumExpectations = 1000;

    /// <exception cref="InvalidException">The policy contradicts itself, or is too large.</exception>
    public static ValidationPolicy Check(ValidationPolicy policy)
    {
        if (!Enum.IsDefined(policy.OnError) || !Enum.IsDefined(policy.OnWarning))
        {
            throw new InvalidException("onError and onWarning are warn, quarantine or refuse.");
        }

        if (policy.Expectations.Count > MaximumExpectations)
        {
            throw new InvalidException($"A policy expects something of {policy.Expectations.Count} columns; {MaximumExpectations} are allowed.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var expected in policy.Expectations)
        {
            if (Fault(expected) is { } fault)
            {
                throw new InvalidException($"The expectation of column '{expected.Column}' {fault}.");
            }

            if (!seen.Add(expected.Column))
            {
                throw new InvalidException($"Column '{expected.Column}' has two expectations. Put them into one.");
            }
        }

        // The lists behind JSON have serializers; those of collection expressions do not.
        return policy with { Expectations = policy.Expectations.Select(expected => expected with { Allowed = expected.Allowed?.ToArray() }).ToArray() };
    }

    private static string? Fault(ColumnExpectation expected) => expected switch
    {
        { Column: "" } => "names no column",
        { Column.Length: > 256 } => "has a name of more than 256 characters",
        { Type: { } type } when !Enum.IsDefined(type) => $"has {(int)type} for its type",
        { Min: { } min, Max: { } max } when min > max => $"has min {min} above max {max}",
        { Min: { } min } when !double.IsFinite(min) => "has a min that is no number",
        { Max: { } max } when !double.IsFinite(max) => "has a max that is no number",
        { MaxNullRate: { } rate } when rate is not (>= 0 and <= 1) => $"has maxNullRate {rate}, which is a share between 0 and 1",
        { Allowed.Count: > ColumnStatistics.MaximumValues } => $"allows {expected.Allowed.Count} values; {ColumnStatistics.MaximumValues} may be listed",
        { Allowed.Count: 0 } => "allows no value at all: leave 'allowed' out to allow any",
        _ => null,
    };
}
