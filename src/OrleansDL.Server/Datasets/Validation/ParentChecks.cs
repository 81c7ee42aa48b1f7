using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Holds what came in against the parent version, column by column: types, nulls, ranges, values, lengths and sizes.</summary>
internal static class ParentChecks
{
    // So few values are chance.
    private const int FewValues = 10;

    /// <summary>The share of values out of the parent's range, or not among its values, from which on it is more than an info.</summary>
    private const double UsualShare = 0.01;

    private const double LengthFactor = 2;
    private const double SizeFactor = 1.5;
    private const double ChannelShift = 0.1;

    public static IEnumerable<Anomaly> Find(ValidationInput input)
    {
        if (input.ParentName is null)
        {
            return input.Candidate.SelectMany(column => Constant(column, null, ""));
        }

        return Missing(input).Concat(input.Incoming.SelectMany(column =>
            input.Parent.FirstOrDefault(other => other.Name == column.Name) is { } parent ? Compare(column, parent, input.ParentName) : []));
    }

    private static IEnumerable<Anomaly> Missing(ValidationInput input)
    {
        foreach (var column in input.ParentSchema)
        {
            if (input.Schema.FirstOrDefault(other => other.Name == column.Name) is not { } now)
            {
                yield return Of(AnomalySeverity.Error, AnomalyKind.MissingColumn, column.Name, $"Column '{column.Name}' of {input.ParentName} is not there any more. Models trained on it need it: add it to the file.");
            }
            else if (now.Type != column.Type)
            {
                yield return Of(
                    AnomalySeverity.Warning, AnomalyKind.TypeMismatch, column.Name, $"Column '{column.Name}' was {Say.Type(column.Type)} in {input.ParentName} and is {Say.Type(now.Type)} now. Make sure that whoever reads it expects that.");
            }
        }
    }

    private static IEnumerable<Anomaly> Compare(ColumnStatistics column, ColumnStatistics parent, string name) =>
        Nulls(column, parent, name).Concat(Range(column, parent, name)).Concat(Unseen(column, parent, name)).Concat(Constant(column, parent, name))
            .Concat(Lengths(column, parent, name)).Concat(Sizes(column, parent, name)).Concat(Channels(column, parent, name));

    private static IEnumerable<Anomaly> Nulls(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        var (rows, before) = (column.Count + column.Nulls, parent.Count + parent.Nulls);
        if (rows < FewValues || before == 0)
        {
            yield break;
        }

        var (rate, was) = ((double)column.Nulls / rows, (double)parent.Nulls / before);
        var limit = was + Math.Max(0.01, 3 * Math.Sqrt(was * (1 - was) / rows));
        if (rate > limit)
        {
            yield return Of(
                AnomalySeverity.Warning,
                AnomalyKind.NullRate,
                column.Name,
                $"Column '{column.Name}' is null in {Say.Share(rate)} of the {Say.Count(rows)} rows, and was in {Say.Share(was)} of {name}; up to {Say.Share(limit)} would pass as chance. Look at where these rows come from.",
                rate,
                limit);
        }
    }

    private static IEnumerable<Anomaly> Range(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (column is not { Min: { } min, Max: { } max } || parent is not { Min: { } low, Max: { } high } || (min >= low && max <= high) || parent.Count < FewValues)
        {
            yield break;
        }

        var numbers = new ColumnSketch(column, column.Type).Numbers;

        // A bin's value is within 1% of what it holds: what lies so close to the edge is not counted as outside.
        var outside = numbers?.Bins().Where(bin => bin.Value < low - (Math.Abs(low) * 0.011) || bin.Value > high + (Math.Abs(high) * 0.011)).Sum(bin => bin.Count) ?? 0;
        var share = column.Count == 0 ? 0 : (double)outside / column.Count;
        yield return Of(
            share > UsualShare ? AnomalySeverity.Warning : AnomalySeverity.Info,
            AnomalyKind.OutOfRange,
            column.Name,
            $"Column '{column.Name}' reaches from {Say.Number(min)} to {Say.Number(max)}, and {name} from {Say.Number(low)} to {Say.Number(high)}; about {Say.Share(share)} of the values lie well outside. If that is wrong, check the unit and the outliers; an expectation with min and max makes it an error.",
            share,
            UsualShare);
    }

    private static IEnumerable<Anomaly> Unseen(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (!Categories.AreIn(parent) || column.Count == 0)
        {
            yield break;
        }

        var seen = column.Values ?? column.Sketches?.Top ?? new Dictionary<string, long>();
        var strange = seen.Where(pair => !parent.Values!.ContainsKey(ColumnAccumulator.Canonical(pair.Key, parent.Type))).OrderByDescending(pair => pair.Value).Select(pair => pair.Key).ToList();
        if (strange.Count == 0)
        {
            yield break;
        }

        var share = (double)strange.Sum(value => seen[value]) / column.Count;
        yield return Of(
            share > UsualShare ? AnomalySeverity.Warning : AnomalySeverity.Info,
            AnomalyKind.UnseenCategory,
            column.Name,
            $"Column '{column.Name}' has {strange.Count} values that {name} does not have, in {Say.Share(share)} of the rows: {Say.Values(strange)}. A model trained on {name} does not know them: correct the spelling, or train again.",
            share,
            UsualShare);
    }

    private static IEnumerable<Anomaly> Constant(ColumnStatistics column, ColumnStatistics? parent, string name)
    {
        if (column.Values is not { Count: 1 } values || column.Count < FewValues || parent is { Values.Count: <= 1 })
        {
            yield break;
        }

        yield return Of(
            parent is null ? AnomalySeverity.Info : AnomalySeverity.Warning,
            AnomalyKind.ConstantColumn,
            column.Name,
            $"Column '{column.Name}' holds {Say.Values([values.Keys.First()])} in all of its {Say.Count(column.Count)} values{(parent is null ? ": nothing can be learnt from it" : $", and had more than one value in {name}")}. Check how it is made.",
            1,
            1);
    }

    private static IEnumerable<Anomaly> Lengths(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (column.Type != ColumnType.String || column.Count < 30 || Categories.AreIn(parent)
            || new ColumnSketch(column, column.Type).Characters is not { Count: > 0 } now || new ColumnSketch(parent, parent.Type).Characters is not { Count: > 0 } then)
        {
            yield break;
        }

        var (median, was) = (now.Quantile(0.5)!.Value, then.Quantile(0.5)!.Value);
        var factor = (median + 1) / (was + 1);
        if (factor is > LengthFactor or < 1 / LengthFactor)
        {
            yield return Of(
                AnomalySeverity.Warning,
                AnomalyKind.TextLength,
                column.Name,
                $"Half of the texts of column '{column.Name}' have more than {Say.Number(median)} characters, and more than {Say.Number(was)} in {name}: {Say.Number(factor)} times as long. Check whether texts were cut, joined or encoded otherwise.",
                factor,
                LengthFactor);
        }
    }

    private static IEnumerable<Anomaly> Sizes(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (column.Type != ColumnType.Image || column.Count < FewValues)
        {
            yield break;
        }

        var (images, before) = (new ColumnSketch(column, column.Type), new ColumnSketch(parent, parent.Type));
        foreach (var (side, now, then) in new[] { ("wide", images.Widths, before.Widths), ("high", images.Heights, before.Heights) })
        {
            if (now is not { Count: > 0 } || then is not { Count: > 0 })
            {
                continue;
            }

            var (median, was) = (now.Quantile(0.5)!.Value, then.Quantile(0.5)!.Value);
            if (median / was is > SizeFactor or < 1 / SizeFactor)
            {
                yield return Of(
                    AnomalySeverity.Warning,
                    AnomalyKind.ImageSize,
                    column.Name,
                    $"Half of the images are more than {Say.Number(median)} pixels {side}, and more than {Say.Number(was)} in {name}: {Say.Number(median / was)} times as much. Check whether they were scaled or cut otherwise.",
                    median / was,
                    SizeFactor);
            }
        }
    }

    private static IEnumerable<Anomaly> Channels(ColumnStatistics column, ColumnStatistics parent, string name)
    {
        if (column is not { Type: ColumnType.Image, Channels: [{ Count: >= FewValues }, ..] now } || parent.Channels is not { } then || then.Count != now.Count)
        {
            yield break;
        }

        string[] names = now.Count == 3 ? ["red", "green", "blue"] : [.. now.Select((_, i) => $"channel {i}")];
        for (var i = 0; i < now.Count; i++)
        {
            var shift = now[i].Mean - then[i].Mean;
            var error = Math.Sqrt((now[i].M2 / now[i].Count / now[i].Count) + (then[i].M2 / then[i].Count / then[i].Count));
            if (Math.Abs(shift) > Math.Max(ChannelShift, 3 * error))
            {
                yield return Of(
                    AnomalySeverity.Warning,
                    AnomalyKind.ImageChannels,
                    column.Name,
                    $"The images' mean {names[i]} is {Say.Number(now[i].Mean)} (0 is dark, 1 is light), and was {Say.Number(then[i].Mean)} in {name}. Check exposure, colour order and background.",
                    Math.Abs(shift),
                    Math.Max(ChannelShift, 3 * error));
            }
        }
    }

    private static Anomaly Of(AnomalySeverity severity, AnomalyKind kind, string? column, string message, double? value = null, double? limit = null) =>
        new() { Severity = severity, Kind = kind, Column = column, Message = message, Value = value, Limit = limit };
}
