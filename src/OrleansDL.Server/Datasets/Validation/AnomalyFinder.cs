namespace OrleansDL.Datasets.Validation;

/// <summary>Finds what is odd about a commit. It only looks at statistics: no row is read again.</summary>
internal static class AnomalyFinder
{
    public static DatasetValidation Find(ValidationInput input)
    {
        var found = ExpectationChecks.Find(input)
            .Concat(RowChecks.Find(input))
            .Concat(ParentChecks.Find(input))
            .Concat(DriftChecks.Find(input))
            .OrderByDescending(anomaly => anomaly.Severity).ThenBy(anomaly => anomaly.Kind).ThenBy(anomaly => anomaly.Column, StringComparer.Ordinal)
            .ToList();
        return Of(found);
    }

    public static DatasetValidation Of(IReadOnlyList<Anomaly> found) => new()
    {
        Anomalies = found.Take(DatasetValidation.MaximumAnomalies).ToArray(),
        Errors = found.Count(anomaly => anomaly.Severity == AnomalySeverity.Error),
        Warnings = found.Count(anomaly => anomaly.Severity == AnomalySeverity.Warning),
        Infos = found.Count(anomaly => anomaly.Severity == AnomalySeverity.Info),
    };
}
