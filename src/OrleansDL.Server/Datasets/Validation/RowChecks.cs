using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Looks at the rows as a whole: how many there are, and whether some stand there twice.</summary>
internal static class RowChecks
{
    private const double Collapse = 0.5;
    private const double UsualRepeats = 0.01;

    public static IEnumerable<Anomaly> Find(ValidationInput input)
    {
        if (input.ParentName is not null && input.Rows < input.ParentRows * Collapse)
        {
            yield return new Anomaly
            {
                Severity = AnomalySeverity.Warning,
                Kind = AnomalyKind.RowCount,
                Message = $"The new version has {Say.Count(input.Rows)} rows, and {input.ParentName} has {Say.Count(input.ParentRows)}. If rows were lost on the way, commit again; nothing of {input.ParentName} is gone.",
                Value = input.Rows,
                Limit = Math.Ceiling(input.ParentRows * Collapse),
            };
        }

        if (RowSketch.Union(input.RowHashes.Values) is { Rows: > 0 } all && all.RepeatedShare is > 0 and var repeated)
        {
            var before = RowSketch.Union(input.ParentRowHashes.Values)?.RepeatedShare ?? 0;
            yield return new Anomaly
            {
                Severity = repeated > before + UsualRepeats ? AnomalySeverity.Warning : AnomalySeverity.Info,
                Kind = AnomalyKind.DuplicateRows,
                Message = $"{(all.IsExact ? "" : "About ")}{Say.Share(repeated)} of the {Say.Count(all.Rows)} rows repeat another row{(input.ParentName is null ? "" : $"; in {input.ParentName} it was {Say.Share(before)}")}. If they should not, leave them out: a model learns them twice.",
                Value = repeated,
                Limit = before + UsualRepeats,
            };
        }

        var splits = input.RowHashes.Where(pair => pair.Key.Length > 0).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        for (var i = 0; i < splits.Count; i++)
        {
            for (var j = i + 1; j < splits.Count; j++)
            {
                // Named from the side that is smaller: a test set in the training set, not the other way round.
                var (small, large) = splits[i].Value.Rows <= splits[j].Value.Rows ? (splits[i], splits[j]) : (splits[j], splits[i]);
                if (small.Value.ShareIn(large.Value) is > 0 and var share)
                {
                    yield return new Anomaly
                    {
                        Severity = AnomalySeverity.Warning,
                        Kind = AnomalyKind.DuplicateRowsAcrossSplits,
                        Message = $"{(small.Value.IsExact ? "" : "About ")}{Say.Share(share)} of the rows of split '{small.Key}' stand in split '{large.Key}' too. What is measured on '{small.Key}' is then too good: leave them out of one.",
                        Value = share,
                        Limit = 0,
                    };
                }
            }
        }
    }
}
