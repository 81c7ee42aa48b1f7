using OrleansDL.Datasets.Statistics;
using OrleansDL.Telemetry.Drift;

namespace OrleansDL.Datasets.Validation;

/// <summary>Compares how values are distributed with the parent version, whose bins are the reference. Chance alone raises an alarm in 1% of comparisons.</summary>
internal static class DriftChecks
{
    private const int TopCategories = 100;

    // What people call moderate; below it a drift that is certain is still small.
    private const double ModerateStability = 0.1;
    private const double ModerateDistance = 0.1;

    public static IEnumerable<Anomaly> Find(ValidationInput input)
    {
        if (input.ParentName is null)
        {
            yield break;
        }

        foreach (var column in input.Incoming)
        {
            if (input.Parent.FirstOrDefault(other => other.Name == column.Name) is not { Count: > 0 } parent || column.Count == 0)
            {
                continue;
            }

            var anomaly = Categories.AreIn(parent) ? Skew(column, parent, input.ParentName) : Drift(column, parent, input.ParentName);
            if (anomaly is not null)
            {
                yield return anomaly;
            }
        }
    }

    private static Anomaly? Drift(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (column.Type is not (ColumnType.Int64 or ColumnType.Float64)
            || new ColumnSketch(column, column.Type).Numbers is not { } now || new ColumnSketch(parent, column.Type).Numbers is not { } then)
        {
            return null;
        }

        var bins = ReferenceBins.Fit(then);
        var (reference, current) = (bins.CountOf(then), bins.CountOf(now));
        if (bins.Count < 2 || !DriftThreshold.IsEnough(column.Count, bins.Count) || !DriftThreshold.IsEnough(parent.Count, bins.Count))
        {
            return null;
        }

        var stability = PopulationStability.Index(Shares.Of(reference), Shares.Of(current));
        var limit = DriftThreshold.Stability(reference, current);
        return stability <= limit ? null : new Anomaly
        {
            Severity = stability < ModerateStability ? AnomalySeverity.Info : AnomalySeverity.Warning,
            Kind = AnomalyKind.Drift,
            Column = column.Name,
            Message = $"Column '{column.Name}' is distributed otherwise than in {name}: its population stability index over {bins.Count} bins is {Say.Number(stability)}, and chance alone stays below {Say.Number(limit)}. Half of its values are above {Say.Number(now.Quantile(0.5)!.Value)}, and were above {Say.Number(then.Quantile(0.5)!.Value)}. Check how the rows were chosen; a model trained on {name} may need training again.",
            Value = stability,
            Limit = limit,
        };
    }

    private static Anomaly? Skew(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        var top = parent.Values!.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(TopCategories).ToList();
        var seen = column.Values ?? column.Sketches?.Top;
        if (seen is null)
        {
            return null;
        }

        // The top values, then all others the parent has, then those it does not have.
        var reference = new long[top.Count + 2];
        var current = new long[top.Count + 2];
        var place = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < top.Count; i++)
        {
            place.Add(top[i].Key, i);
            reference[i] = top[i].Value;
        }

        reference[top.Count] = parent.Count - top.Sum(pair => pair.Value);
        var counted = 0L;
        foreach (var (value, count) in seen)
        {
            var key = ColumnAccumulator.Canonical(value, parent.Type);
            current[place.TryGetValue(key, out var i) ? i : parent.Values!.ContainsKey(key) ? top.Count : top.Count + 1] += count;
            counted += count;
        }

        // Values too many to count each are none of the parent's few.
        current[top.Count + 1] += column.Count - counted;
        var used = Enumerable.Range(0, reference.Length).Count(i => reference[i] + current[i] > 0);
        if (used < 2 || !DriftThreshold.IsEnough(column.Count, used) || !DriftThreshold.IsEnough(parent.Count, used))
        {
            return null;
        }

        var (p, q) = (Shares.Of(reference), Shares.Of(current));
        var distance = JensenShannon.Distance(p, q);
        var limit = DriftThreshold.JensenShannon(reference, current);
        if (distance <= limit)
        {
            return null;
        }

        var most = Enumerable.Range(0, p.Length).MaxBy(i => Math.Abs(p[i] - q[i]));
        var what = most < top.Count ? Say.Values([top[most].Key]) : most == top.Count ? "the rarer values" : "values it does not have";
        return new Anomaly
        {
            Severity = distance < ModerateDistance ? AnomalySeverity.Info : AnomalySeverity.Warning,
            Kind = AnomalyKind.LabelSkew,
            Column = column.Name,
            Message = $"The values of column '{column.Name}' are shared out otherwise than in {name}: Jensen-Shannon distance {Say.Number(distance)}, and chance alone stays below {Say.Number(limit)}. The greatest change is {what}: {Say.Share(q[most])} now, {Say.Share(p[most])} before (L-infinity {Say.Number(LInfinity.Distance(p, q))}). Check how the rows were chosen.",
            Value = distance,
            Limit = limit,
        };
    }
}
