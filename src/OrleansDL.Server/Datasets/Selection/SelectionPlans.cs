using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Selection;

/// <summary>Finds the commits and files that a query looks at.</summary>
internal sealed class SelectionPlans(DatasetTable table, SelectionTable tags, DatasetBlobs blobs)
{
    /// <summary>The commits a checked query comes to, oldest first.</summary>
    /// <exception cref="NotFoundException">A name is unknown, or no commit carries the tags.</exception>
    public async Task<IReadOnlyList<DatasetVersion>> CommitsAsync(Dataset dataset, DatasetSelection query)
    {
        if (query.Versions is { } names)
        {
            var named = new List<DatasetVersion>();
            foreach (var name in names)
            {
                named.Add(await VersionAsync(dataset, name));
            }

            return [.. named.DistinctBy(version => version.Commit).OrderBy(version => version.Version)];
        }

        if (query.Tags is not { } wanted)
        {
            return [await VersionAsync(dataset, query.Branch ?? DatasetReference.Latest)];
        }

        var found = new List<DatasetVersion>();
        foreach (var number in await tags.VersionsWithAsync(dataset.Id, wanted))
        {
            // What was made from selections, or was put aside, is no source of one.
            if (await table.FindVersionAsync(dataset.Id, $"v{number}") is { } version && version.Selection is null
                && version.Branch?.StartsWith("quarantine-", StringComparison.Ordinal) is not true)
            {
                found.Add(version);
            }
        }

        if (query.Branch is { } branch)
        {
            var history = await HistoryAsync(dataset, await VersionAsync(dataset, branch), found.Select(version => version.Version).DefaultIfEmpty(long.MaxValue).Min());
            found.RemoveAll(version => !history.Contains(version.Commit));
        }

        return found.Count > 0
            ? found
            : throw new NotFoundException(
                $"No commit {(query.Branch is null ? "" : $"in the history of '{query.Branch}' ")}of dataset '{dataset.Name}' carries {(wanted.Count == 1 ? $"the tag '{wanted[0]}'" : $"all of the tags {string.Join(", ", wanted)}")}. GET .../datasets/{dataset.Name}/versions lists the commits with their tags.");
    }

    /// <exception cref="InvalidException">A column is unknown, or the filter does not fit.</exception>
    public async Task<SelectionPlan> MakeAsync(
        Dataset dataset, DatasetSelection query, IReadOnlyList<DatasetVersion> commits, string? labelColumn, CancellationToken cancellationToken)
    {
        // What is gone is told before anything of it is looked for.
        commits = [.. commits.Select(DatasetReference.CheckThere)];
        var schema = Join(commits);
        var known = Projection.Known(commits[^1] with { Schema = schema });
        return new SelectionPlan
        {
            Dataset = dataset,
            Query = query,
            Commits = commits,
            Schema = schema,
            Files = await FilesAsync(dataset, query, commits, cancellationToken),
            LabelColumn = LabelColumn(dataset.Kind, schema, labelColumn ?? query.Labels?.Column),
            FilteredColumn = query.Labels is { } labels
                ? LabelColumn(dataset.Kind, schema, labels.Column) ?? throw new InvalidException("labels does not go with a dataset of files: they have no labels. Take it out.")
                : null,
            Filter = query.Filter is null ? null : RowFilter.Compile(query.Filter, known),
        };
    }

    /// <summary>The column whose values are labels: the named one, else what training takes by itself.</summary>
    public static string? LabelColumn(DatasetKind kind, IReadOnlyList<Column> schema, string? named)
    {
        if (named is not null && schema.All(column => column.Name != named))
        {
            throw new InvalidException($"'{named}' is no column of the dataset. Columns: {string.Join(", ", schema.Select(column => column.Name).Take(50))}.");
        }

        return named ?? (kind == DatasetKind.Files || schema.Count == 0 ? null : schema[^1].Name);
    }

    private async Task<DatasetVersion> VersionAsync(Dataset dataset, string name) =>
        await table.FindVersionAsync(dataset.Id, name) ?? throw new NotFoundException($"Dataset '{dataset.Name}' has no version '{name}'. GET .../datasets/{dataset.Name}/versions lists them.");

    // Versions count all commits, so what comes before a number cannot be among what follows it.
    private async Task<HashSet<BlobId>> HistoryAsync(Dataset dataset, DatasetVersion head, long oldest)
    {
        var history = new HashSet<BlobId> { head.Commit };
        var next = new Queue<DatasetVersion>([head]);
        while (next.TryDequeue(out var version))
        {
            foreach (var parent in ParentsOf(version))
            {
                if (history.Add(parent) && await table.FindVersionAsync(dataset.Id, parent.ToString()) is { } before && before.Version >= oldest)
                {
                    next.Enqueue(before);
                }
            }
        }

        return history;
    }

    public static IReadOnlyList<BlobId> ParentsOf(DatasetVersion version) => version.Parents ?? (version.Parent is { } parent ? [parent] : []);

    private async Task<IReadOnlyList<SelectedFile>> FilesAsync(
        Dataset dataset, DatasetSelection query, IReadOnlyList<DatasetVersion> commits, CancellationToken cancellationToken)
    {
        var files = new SortedDictionary<string, SelectedFile>(Comparer<string>.Create(EntryPath.Compare));
        for (var i = 0; i < commits.Count; i++)
        {
            var root = await blobs.Manifests.ReadRootAsync(commits[i].Content, cancellationToken);
            var before = SelectionRules.TakesCommits(query) ? await ParentRootAsync(dataset, commits[i], cancellationToken) : ManifestRoot.Empty;
            await foreach (var change in blobs.Manifests.DiffAsync(before, root, cancellationToken))
            {
                if (change.New is not { } entry || (query.Splits is { } splits && entry.Rows > 0 && !splits.Contains(entry.Split, StringComparer.Ordinal)))
                {
                    continue;
                }

                if (files.TryGetValue(entry.Path, out var other) && other.Entry != entry && change.Old is null)
                {
                    throw new ConflictException(
                        $"v{commits[other.Commit].Version} and v{commits[i].Version} both brought a file '{entry.Path}', with other bytes. A snapshot holds one: select them one by one, or commit one of them under another path.");
                }

                files[entry.Path] = new SelectedFile(entry, i, change.NewRow);
            }

            await AddLabelFilesAsync(files, root, i, cancellationToken);
        }

        var needed = files.Values.Select(file => file.Entry.Labels).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return [.. files.Values.Where(file => file.Entry.Rows > 0 || needed.Contains(file.Entry.Path))];
    }

    // Images and their labels may be two files: one is nothing without the other.
    private async Task AddLabelFilesAsync(SortedDictionary<string, SelectedFile> files, ManifestRoot root, int commit, CancellationToken cancellationToken)
    {
        foreach (var labels in files.Values.Where(file => file.Commit == commit).Select(file => file.Entry.Labels).OfType<string>().ToList())
        {
            if (!files.ContainsKey(labels) && await blobs.Manifests.FindAsync(root, labels, cancellationToken) is { } entry)
            {
                files[labels] = new SelectedFile(entry, commit, 0);
            }
        }
    }

    private async Task<ManifestRoot> ParentRootAsync(Dataset dataset, DatasetVersion version, CancellationToken cancellationToken)
    {
        if (ParentsOf(version) is not [var first, ..])
        {
            return ManifestRoot.Empty;
        }

        var parent = await table.FindVersionAsync(dataset.Id, first.ToString())
            ?? throw new ConflictException($"The parent of v{version.Version} is gone, so what v{version.Version} brought cannot be told any more. Select without tags and versions.");
        return await blobs.Manifests.ReadRootAsync(parent.Content, cancellationToken);
    }

    /// <summary>The columns of all commits: the newest's order, the widest type.</summary>
    private static List<Column> Join(IReadOnlyList<DatasetVersion> commits)
    {
        var joined = commits[^1].Schema.ToList();
        foreach (var commit in commits)
        {
            foreach (var column in commit.Schema)
            {
                var place = joined.FindIndex(other => other.Name == column.Name);
                if (place < 0)
                {
                    joined.Add(column with { Nullable = true });
                    continue;
                }

                var other = joined[place];
                var type = (other.Type, column.Type) switch
                {
                    var (x, y) when x == y && other.Tensor == column.Tensor => x,
                    (ColumnType.Int64, ColumnType.Float64) or (ColumnType.Float64, ColumnType.Int64) => ColumnType.Float64,
                    _ => throw new ConflictException(
                        $"Column '{column.Name}' is {column.Type.ToString().ToLowerInvariant()} in v{commit.Version} and {other.Type.ToString().ToLowerInvariant()} in v{commits[^1].Version}: their rows do not fit into one snapshot. Select them one by one."),
                };
                joined[place] = other with { Type = type, Nullable = other.Nullable || column.Nullable };
            }

            for (var i = 0; i < joined.Count; i++)
            {
                joined[i] = joined[i] with { Nullable = joined[i].Nullable || commit.Schema.All(column => column.Name != joined[i].Name) };
            }
        }

        return joined;
    }
}
