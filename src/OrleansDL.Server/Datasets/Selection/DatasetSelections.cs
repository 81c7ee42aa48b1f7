using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Selection;

/// <summary>Makes snapshots of what queries select. What is taken whole is not copied; a snapshot is made once for what a query comes to.</summary>
internal sealed class DatasetSelections(
    DatasetTable table, SelectionPlans plans, SelectionScan scan, FileCutter cutter, LabelLists labels, DatasetCommits commits, DatasetBlobs blobs)
{
    // Whoever asked first, the snapshot is the query's.
    private const string Author = "selection";

    /// <exception cref="InvalidException">The query is wrong, does not fit the dataset, or selects nothing.</exception>
    public async Task<SelectionResult> SelectAsync(Dataset dataset, DatasetSelection asked, bool dryRun, CancellationToken cancellationToken)
    {
        var query = SelectionRules.Check(asked);
        var sources = await plans.CommitsAsync(dataset, query);
        var request = SelectionRules.RequestId(dataset.Id, query, sources);
        if (!dryRun && await table.FindByRequestAsync(dataset.Id, request) is { } made)
        {
            return await ToldAsync(made, cancellationToken);
        }

        var plan = await plans.MakeAsync(dataset, query, sources, labelColumn: null, cancellationToken);
        var count = await scan.RunAsync(plan, cancellationToken);
        var result = Result(plan, count);
        if (dryRun)
        {
            return result;
        }

        if (result.Rows == 0)
        {
            throw new InvalidException($"The query selects no rows of dataset '{dataset.Name}'. With dryRun=true it is counted and nothing is written.");
        }

        var intent = new CommitIntent
        {
            Branch = SelectionRules.Branch,
            Alone = true,
            Author = Author,
            Message = $"Selection of {result.Rows} rows from {string.Join(", ", result.Commits.Take(20).Select(commit => $"v{commit.Version}"))}{(result.Commits.Count > 20 ? ", ..." : "")}",
            Selection = new ResolvedSelection { Query = query, Commits = result.Commits, LabelColumn = plan.LabelColumn },
        };
        var (version, _) = await commits.CommitAsync(
            dataset, request, intent, new CommitContent { Taken = await TakeAsync(plan, count, cancellationToken), Schema = plan.Schema }, cancellationToken);
        if (plan.LabelColumn is { } column)
        {
            await labels.KeepAsync(version, column, count.Labels());
        }

        return result with { Version = version };
    }

    private async Task<IReadOnlyList<TakenEntry>> TakeAsync(SelectionPlan plan, SelectionCount count, CancellationToken cancellationToken)
    {
        var origins = new IReadOnlyList<DatasetSource>?[plan.Commits.Count];
        var taken = new List<TakenEntry>();

        // A file of labels goes the way of the images it belongs to.
        var images = plan.Files.Index().Where(file => file.Item.Entry.Labels is not null).ToDictionary(file => file.Item.Entry.Labels!, file => file.Index, StringComparer.Ordinal);
        for (var i = 0; i < plan.Files.Count; i++)
        {
            var file = plan.Files[i];
            var rows = file.Entry.Rows == 0 && images.TryGetValue(file.Entry.Path, out var owner) ? owner : i;
            if (plan.Files[rows].Entry.Rows > 0 && count.Rows[rows] == 0)
            {
                continue;
            }

            var all = origins[file.Commit] ??= await blobs.OriginsAsync(plan.Commits[file.Commit], cancellationToken);
            var ranges = SourceRanges.Slice(all, file.FirstRow, file.Entry.Rows);
            taken.Add(count.Masks[rows] is { } mask
                ? new TakenEntry(
                    await cutter.CutAsync(file.Entry, mask, cancellationToken),
                    [.. ranges.Select(range => range with { Rows = mask.CountOf(range.FirstRow - file.FirstRow, range.Rows) }).Where(range => range.Rows > 0)])
                : new TakenEntry(file.Entry, ranges));
        }

        return taken;
    }

    private static SelectionResult Result(SelectionPlan plan, SelectionCount count)
    {
        var byCommit = plan.Files.Select((file, i) => (file.Commit, Rows: count.Rows[i])).ToLookup(file => file.Commit, file => file.Rows);
        return new SelectionResult
        {
            Rows = count.Rows.Sum(),
            Files = plan.Files.Select((file, i) => file.Entry.Rows > 0 && count.Rows[i] == 0 ? 0L : 1).Sum(),
            FilesCut = count.Masks.Select((mask, i) => mask is not null && count.Rows[i] > 0 ? 1L : 0).Sum(),
            Commits = plan.Commits.Select((commit, i) => new SelectedCommit { Version = commit.Version, Commit = commit.Commit, Rows = byCommit[i].Sum() }).ToList(),
            LabelColumn = plan.LabelColumn,
            LabelCount = count.LabelRows?.Count ?? 0,
            Labels = Rows(count.Labels(), count.LabelRows),
        };
    }

    /// <summary>What a snapshot that is there came to when it was made.</summary>
    private async Task<SelectionResult> ToldAsync(DatasetVersion version, CancellationToken cancellationToken)
    {
        var selection = version.Selection!;
        var rows = selection.LabelColumn is { } column
            ? (await blobs.StatisticsAsync(version, cancellationToken)).FirstOrDefault(found => found.Name == column)?.Values
            : null;
        var order = selection.LabelColumn is null ? null : (await labels.OfAsync(version, selection.LabelColumn, cancellationToken)).Labels;
        return new SelectionResult
        {
            Rows = version.Rows,
            Files = version.Files,
            FilesCut = 0,
            Commits = selection.Commits,
            LabelColumn = selection.LabelColumn,
            LabelCount = rows?.Count ?? 0,
            Labels = Rows(order, rows),
            Version = version,
        };
    }

    private static List<LabelRows> Rows(IReadOnlyList<string>? order, IReadOnlyDictionary<string, long>? rows) => order is null || rows is null
        ? []
        : order.Where(rows.ContainsKey).Take(SelectionResult.MaximumLabels).Select(label => new LabelRows { Label = label, Rows = rows[label] }).ToList();
}
