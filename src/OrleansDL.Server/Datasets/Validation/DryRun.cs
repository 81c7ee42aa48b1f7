using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Says what a commit would be found to be, and commits nothing. The bytes wait in the blob store to be collected, or to be used by the commit that follows.</summary>
internal sealed class DryRun(DatasetIngest ingest, DatasetTable table, DatasetBlobs datasets, CommitValidation validation)
{
    public async Task<DatasetValidation> ValidateAsync(Dataset dataset, string branch, IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        var parent = await table.FindBranchHeadAsync(dataset.Id, DatasetReference.CheckBranch(branch));
        parent = parent?.Gone is null ? parent : null;
        try
        {
            var came = await ingest.ReadAsync(request with { Path = EntryPath.Check(request.Path), Schema = parent?.Schema }, body, cancellationToken);
            if (came.Columns.Count == 0)
            {
                return AnomalyFinder.Of([]);
            }

            var schema = parent is null ? came.Columns : SchemaRules.Evolve(parent.Schema, came.Columns);
            var incoming = new FileSummary
            {
                Columns = came.Statistics,
                Rows = dataset.Kind == DatasetKind.Image ? ImageTable.Rows(came.Entries) : FileSummaries.Of(came, came.Entries[0]).Rows,
            };
            var whole = parent is null ? incoming : (await datasets.SummaryAsync(parent, cancellationToken)).Merge(schema, incoming);
            var rows = (parent?.Rows ?? 0) + came.Entries.Sum(entry => entry.Rows);
            return await validation.CheckAsync(dataset, parent, schema, rows, new VersionSummary { Whole = whole, Incoming = incoming }, cancellationToken);
        }
        catch (InvalidException fault)
        {
            // A commit would be refused for this, whatever the policy.
            return AnomalyFinder.Of([new Anomaly { Severity = AnomalySeverity.Error, Kind = AnomalyKind.Unreadable, Message = fault.Message }]);
        }
    }
}
