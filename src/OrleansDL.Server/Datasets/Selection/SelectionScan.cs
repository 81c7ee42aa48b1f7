using System.Globalization;
using System.Runtime.CompilerServices;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Selection;

/// <summary>Goes once over the rows that a query looks at and decides which are taken. Memory follows the number of files, a bit per row, and the rows of a sample.</summary>
internal sealed class SelectionScan(DatasetReader reader)
{
    /// <summary>Text of a label, as statistics and training spell it.</summary>
    public static string? TextOf(object? value) => value switch
    {
        null => null,
        string text => text,
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        bool truth => truth ? "true" : "false",
        double number => CanonicalJsonWriter.Number(number),
        _ => null,
    };

    public async Task<SelectionCount> RunAsync(SelectionPlan plan, CancellationToken cancellationToken)
    {
        var tally = new LabelTally(plan.Commits.Count, LabelColumn(plan));
        var sample = plan.Query.Sample;
        var hash = sample is null ? null : new RowHash(HashedColumns(plan), sample.Seed);
        var lowest = sample?.Rows is { } maximum ? new LowestRows(maximum) : null;
        var decide = new RowDecision(plan, hash, sample?.Fraction);
        var masks = new RowMask?[plan.Files.Count];
        var rows = new long[plan.Files.Count];
        for (var i = 0; i < plan.Files.Count; i++)
        {
            var file = plan.Files[i];
            rows[i] = file.Entry.Rows;
            if (file.Entry.Rows == 0 || (!plan.LooksAtRows && !tally.Wanted))
            {
                continue;
            }

            var mask = new RowMask(file.Entry.Rows);
            long number = 0;
            var where = () => $"row {number} of '{file.Entry.Path}'";
            await foreach (var row in RowsAsync(plan, file, decide.Columns, cancellationToken))
            {
                if (decide.Passes(row, where))
                {
                    var label = tally.Seen(file.Commit, plan.LabelColumn is null ? null : TextOf(row.Get(plan.LabelColumn)));
                    if (lowest is not null)
                    {
                        lowest.Offer(decide.Number, i, number, label);
                    }
                    else if (decide.IsSampled())
                    {
                        mask.Add(number);
                        tally.Taken(label);
                    }
                }

                number++;
            }

            masks[i] = mask;
        }

        foreach (var (file, row, label) in lowest?.Rows ?? [])
        {
            masks[file]!.Add(row);
            tally.Taken(label);
        }

        for (var i = 0; i < masks.Length; i++)
        {
            if (masks[i] is { } mask)
            {
                rows[i] = mask.Count;
                masks[i] = rows[i] == plan.Files[i].Entry.Rows ? null : mask;
            }
        }

        return new SelectionCount { Masks = masks, Rows = rows, LabelRows = tally.Counts, LabelsOfCommits = tally.OfCommits };
    }

    private async IAsyncEnumerable<IRowView> RowsAsync(
        SelectionPlan plan, SelectedFile file, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (plan.Dataset.Kind is DatasetKind.Image or DatasetKind.Files && file.Entry.Format is IngestFormats.Image or IngestFormats.File)
        {
            yield return new FileRow(file.Entry);
            yield break;
        }

        await foreach (var batch in reader.ReadEntryAsync(plan.VersionOf(file), file.Entry, columns: columns, cancellationToken: cancellationToken))
        {
            var row = new BatchRow(batch);
            for (row.Row = 0; row.Row < batch.Length; row.Row++)
            {
                yield return row;
            }
        }
    }

    private static Column? LabelColumn(SelectionPlan plan) =>
        plan.LabelColumn is not { } name ? null
        : plan.Schema.FirstOrDefault(found => found.Name == name) is not { } column ? new Column { Name = name, Type = ColumnType.String }
        : column.Type is ColumnType.Image or ColumnType.Tensor ? null : column;

    private static string[] HashedColumns(SelectionPlan plan) => plan.Schema.Count == 0 ? ["blob"] : [.. plan.Schema.Select(column => column.Name)];
}
