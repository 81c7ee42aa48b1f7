using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Holds a new version to what its dataset's policy expects of columns. What breaks it is an error.</summary>
internal static class ExpectationChecks
{
    // Five standard errors of the estimate: so many repeats are never chance.
    private const double RepeatsFound = 0.04;

    public static IEnumerable<Anomaly> Find(ValidationInput input)
    {
        foreach (var expected in input.Policy.Expectations)
        {
            var column = input.Schema.FirstOrDefault(column => column.Name == expected.Column);
            var statistics = input.Candidate.FirstOrDefault(column => column.Name == expected.Column);
            if (column is null || statistics is null)
            {
                yield return Error(AnomalyKind.MissingColumn, expected, $"Column '{expected.Column}' is expected and is not there. Add it to the file, or take it out of the dataset's policy.");
                continue;
            }

            foreach (var anomaly in Types(expected, column).Concat(Range(expected, statistics)).Concat(Nulls(expected, statistics)).Concat(Allowed(expected, statistics)).Concat(Unique(expected, statistics)))
            {
                yield return anomaly;
            }
        }
    }

    private static IEnumerable<Anomaly> Types(ColumnExpectation expected, Column column)
    {
        if (expected.Type is { } type && type != column.Type && !(type == ColumnType.Float64 && column.Type == ColumnType.Int64))
        {
            yield return Error(AnomalyKind.TypeMismatch, expected, $"Column '{column.Name}' is {Say.Type(column.Type)} and should be {Say.Type(type)}. Correct its values.");
        }
    }

    private static IEnumerable<Anomaly> Range(ColumnExpectation expected, ColumnStatistics column)
    {
        if (expected.Min is { } min && column.Min < min)
        {
            yield return Error(AnomalyKind.OutOfRange, expected, $"Column '{column.Name}' goes down to {Say.Number(column.Min.Value)} and should not go below {Say.Number(min)}. Correct those rows, or lower min.", column.Min, min);
        }

        if (expected.Max is { } max && column.Max > max)
        {
            yield return Error(AnomalyKind.OutOfRange, expected, $"Column '{column.Name}' goes up to {Say.Number(column.Max.Value)} and should not go above {Say.Number(max)}. Correct those rows, or raise max.", column.Max, max);
        }
    }

    private static IEnumerable<Anomaly> Nulls(ColumnExpectation expected, ColumnStatistics column)
    {
        var rows = column.Count + column.Nulls;
        var rate = rows == 0 ? 0 : (double)column.Nulls / rows;
        var limit = expected.Nullable is false ? 0 : expected.MaxNullRate;
        if (rate > limit)
        {
            yield return Error(
                AnomalyKind.NullRate, expected, $"Column '{column.Name}' is null in {Say.Count(column.Nulls)} of {Say.Count(rows)} rows ({Say.Share(rate)}); at most {Say.Share(limit.Value)} are allowed. Fill them in, or leave those rows out.", rate, limit);
        }
    }

    private static IEnumerable<Anomaly> Allowed(ColumnExpectation expected, ColumnStatistics column)
    {
        if (expected.Allowed is not { } allowed)
        {
            yield break;
        }

        var known = allowed.Select(value => ColumnAccumulator.Canonical(value, column.Type)).ToHashSet(StringComparer.Ordinal);
        var seen = column.Values ?? column.Sketches?.Top ?? new Dictionary<string, long>();
        var strange = seen.Where(pair => !known.Contains(pair.Key)).OrderByDescending(pair => pair.Value).Select(pair => pair.Key).ToList();
        if (strange.Count > 0 || column is { Values: null, Count: > 0 })
        {
            var rows = strange.Sum(value => seen[value]);
            yield return Error(
                AnomalyKind.UnseenCategory,
                expected,
                strange.Count > 0
                    ? $"Column '{column.Name}' has {(column.Values is null ? "at least " : "")}{strange.Count} values that are not allowed, in {Say.Count(rows)} rows: {Say.Values(strange)}. Correct them, or add them to allowed."
                    : $"Column '{column.Name}' has more than {ColumnStatistics.MaximumValues} different values, and only {allowed.Count} are allowed. Correct them, or add them to allowed.",
                column.Count == 0 ? 0 : (double)rows / column.Count,
                0);
        }
    }

    private static IEnumerable<Anomaly> Unique(ColumnExpectation expected, ColumnStatistics column)
    {
        if (expected.Unique is not true)
        {
            yield break;
        }

        var shown = StatisticsView.Describe(column);
        var most = shown.Top is [var top, ..] ? top : null;
        var repeats = column.Count - (shown.Distinct ?? column.Count);
        if (most?.Count > 1 || (double)repeats / Math.Max(1, column.Count) > RepeatsFound)
        {
            yield return Error(
                AnomalyKind.NotUnique,
                expected,
                $"Column '{column.Name}' should hold every value once, and has {(column.Values is null ? "about " : "")}{Say.Count(shown.Distinct ?? 0)} different ones in {Say.Count(column.Count)} rows{(most?.Count > 1 ? $"; {Say.Values([most.Value])} stands there at least {Say.Count(most.Count)} times" : "")}. Leave the repeats out.",
                repeats,
                0);
        }
    }

    private static Anomaly Error(AnomalyKind kind, ColumnExpectation expected, string message, double? value = null, double? limit = null) =>
        new() { Severity = AnomalySeverity.Error, Kind = kind, Column = expected.Column, Message = message, Value = value, Limit = limit };
}
