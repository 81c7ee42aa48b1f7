using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Selection;

/// <summary>The labels of versions in the order of their ids. A version's list begins with its parent's, and what it brought follows sorted: adding commits never renumbers.</summary>
internal sealed class LabelLists(DatasetTable table, SelectionTable lists, SelectionPlans plans, SelectionScan scan, DatasetBlobs blobs, DatasetReader reader)
{
    public async Task<DatasetLabels> OfAsync(DatasetVersion version, string? named, CancellationToken cancellationToken)
    {
        var column = SelectionPlans.LabelColumn(version.Kind, version.Schema, named)
            ?? throw new InvalidException($"{version.DatasetName}@v{version.Version} holds files without labels.");
        var known = new Dictionary<BlobId, IReadOnlyList<string>?>();
        var waiting = new Stack<DatasetVersion>([version]);

        // A list needs its parents' lists first; a history may be longer than a stack is deep.
        while (waiting.TryPeek(out var next))
        {
            var parents = new List<DatasetVersion>();
            if (!known.ContainsKey(next.Commit) && await lists.FindLabelsAsync(next.Commit, column) is { Found: true } found)
            {
                known[next.Commit] = found.Labels;
            }

            if (!known.ContainsKey(next.Commit))
            {
                foreach (var parent in SelectionPlans.ParentsOf(next))
                {
                    if (await table.FindVersionAsync(next.Dataset, parent.ToString()) is { } before && before.Schema.Any(found => found.Name == column))
                    {
                        parents.Add(before);
                    }
                }

                if (parents.Any(parent => !known.ContainsKey(parent.Commit)))
                {
                    parents.ForEach(waiting.Push);
                    continue;
                }

                known[next.Commit] = await TellAsync(next, column, parents, known, cancellationToken);
                await lists.WriteLabelsAsync(next.Commit, column, known[next.Commit]);
            }

            waiting.Pop();
        }

        return new DatasetLabels { Column = column, Labels = known[version.Commit] };
    }

    /// <summary>Keeps the list that a selection has counted on its way.</summary>
    public Task KeepAsync(DatasetVersion snapshot, string column, IReadOnlyList<string>? labels) =>
        lists.WriteLabelsAsync(snapshot.Commit, column, CanBe(snapshot, column) ? labels : null);

    private static bool CanBe(DatasetVersion version, string column) =>
        version.Schema.First(found => found.Name == column).Type is ColumnType.String or ColumnType.Int64;

    private async Task<IReadOnlyList<string>?> TellAsync(
        DatasetVersion version, string column, IReadOnlyList<DatasetVersion> parents, Dictionary<BlobId, IReadOnlyList<string>?> known, CancellationToken cancellationToken)
    {
        if (!CanBe(version, column))
        {
            return null;
        }

        if (version.Selection is { } selection)
        {
            return await ScanAsync(version, selection, column, cancellationToken);
        }

        var root = await blobs.Manifests.ReadRootAsync(version.Content, cancellationToken);
        var kept = new List<DatasetVersion>();
        foreach (var parent in parents)
        {
            if (await KeepsAsync(parent, root, cancellationToken))
            {
                kept.Add(parent);
            }
        }

        if (kept.Any(parent => known[parent.Commit] is null))
        {
            return null;
        }

        List<string> labels = [.. kept.SelectMany(parent => known[parent.Commit]!).Distinct(StringComparer.Ordinal)];
        var statistics = await blobs.StatisticsAsync(version, cancellationToken);
        IEnumerable<string>? values = statistics.FirstOrDefault(found => found.Name == column)?.Values?.Keys;
        values ??= await ReadAsync(version, column, kept.FirstOrDefault(), root, cancellationToken);
        labels.AddRange((values ?? []).Except(labels, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList());
        return values is null || labels.Count > DatasetLabels.MaximumLabels ? null : labels;
    }

    /// <summary>Whether a version has a file of its parent's still. One that has none began anew, and so do its labels.</summary>
    private async Task<bool> KeepsAsync(DatasetVersion parent, ManifestRoot root, CancellationToken cancellationToken)
    {
        long gone = 0;
        await foreach (var change in blobs.Manifests.DiffAsync(await blobs.Manifests.ReadRootAsync(parent.Content, cancellationToken), root, cancellationToken))
        {
            gone += change.Old is null ? 0 : 1;
        }

        return gone < parent.Files;
    }

    // More values than statistics keep: what the commit brought is read.
    private async Task<HashSet<string>?> ReadAsync(DatasetVersion version, string column, DatasetVersion? parent, ManifestRoot root, CancellationToken cancellationToken)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        var labels = version.Schema.First(found => found.Name == column);
        var before = parent is null ? ManifestRoot.Empty : await blobs.Manifests.ReadRootAsync(parent.Content, cancellationToken);
        await foreach (var change in blobs.Manifests.DiffAsync(before, root, cancellationToken))
        {
            if (change.New is not { Rows: > 0 } entry)
            {
                continue;
            }

            await foreach (var batch in reader.ReadEntryAsync(version, entry, columns: [column], cancellationToken: cancellationToken))
            {
                for (var row = 0; row < batch.Length; row++)
                {
                    values.UnionWith(LabelText.Of(labels, SelectionScan.TextOf(RowValues.Get(batch.Column(0), row))));
                    if (values.Count > DatasetLabels.MaximumLabels)
                    {
                        return null;
                    }
                }
            }
        }

        return values;
    }

    private async Task<IReadOnlyList<string>?> ScanAsync(DatasetVersion snapshot, ResolvedSelection selection, string column, CancellationToken cancellationToken)
    {
        var dataset = await table.FindAsync(snapshot.Dataset) ?? throw new NotFoundException($"There is no dataset {snapshot.Dataset} (any more).");
        var commits = new List<DatasetVersion>();
        foreach (var commit in selection.Commits)
        {
            commits.Add(await table.FindVersionAsync(dataset.Id, commit.Commit.ToString()) ?? throw new NotFoundException(
                $"v{commit.Version}, which {snapshot.DatasetName}@v{snapshot.Version} was selected from, is gone, and with it the order of the labels of '{column}'. Train with the label column of the selection."));
        }

        var plan = await plans.MakeAsync(dataset, selection.Query, commits, column, cancellationToken);
        return (await scan.RunAsync(plan with { Query = plan.Query with { Sample = null } }, cancellationToken)).Labels();
    }
}
