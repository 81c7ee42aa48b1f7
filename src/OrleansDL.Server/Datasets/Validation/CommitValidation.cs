using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Judges a commit before it is made: by what the dataset's policy expects, and by the version it is built on.</summary>
internal sealed class CommitValidation(DatasetBlobs datasets)
{
    /// <param name="dataset">Whose policy counts.</param>
    /// <param name="parent">The version it is built on; null for the first.</param>
    /// <param name="schema">The new version's columns.</param>
    /// <param name="rows">How many rows it has.</param>
    /// <param name="summary">What is known of its rows.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<DatasetValidation> CheckAsync(
        Dataset dataset, DatasetVersion? parent, IReadOnlyList<Column> schema, long rows, VersionSummary summary, CancellationToken cancellationToken)
    {
        var before = parent is null ? FileSummary.Empty : await datasets.SummaryAsync(parent, cancellationToken);
        return AnomalyFinder.Find(new ValidationInput
        {
            Policy = dataset.Policy ?? new ValidationPolicy(),
            ParentName = parent is null ? null : $"v{parent.Version}",
            ParentSchema = parent?.Schema ?? [],
            Parent = before.Columns,
            ParentRows = parent?.Rows ?? 0,
            ParentRowHashes = before.Rows ?? new Dictionary<string, RowSketch>(),
            Schema = schema,
            Candidate = summary.Whole.Columns,
            Incoming = (summary.Incoming ?? summary.Whole).Columns,
            Rows = rows,
            RowHashes = summary.Whole.Rows ?? new Dictionary<string, RowSketch>(),
        });
    }

    /// <summary>What the policy says is to follow: the most severe of what applies.</summary>
    public static ValidationAction ActionOf(ValidationPolicy? policy, DatasetValidation validation)
    {
        var errors = validation.Errors > 0 ? policy?.OnError : null;
        var warnings = validation.Warnings > 0 ? policy?.OnWarning : null;
        return (ValidationAction)Math.Max((int)(errors ?? ValidationAction.Warn), (int)(warnings ?? ValidationAction.Warn));
    }

    public static InvalidException Refusal(string dataset, DatasetValidation validation)
    {
        var serious = validation.Anomalies.Where(anomaly => anomaly.Severity != AnomalySeverity.Info).ToList();
        return new InvalidException(
            $"The policy of dataset '{dataset}' refuses this commit ({validation.Errors} errors, {validation.Warnings} warnings): {string.Join(" ", serious.Take(10).Select(anomaly => anomaly.Message))}{(serious.Count > 10 ? $" And {serious.Count - 10} more." : "")} Nothing was committed.");
    }

    /// <summary>The branch a commit goes to instead. A repeated request has the same.</summary>
    public static string QuarantineBranch(Guid request) => $"quarantine-{request.ToString("N")[^8..]}";
}
