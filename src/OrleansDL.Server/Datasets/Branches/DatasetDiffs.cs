namespace OrleansDL.Datasets.Branches;

/// <summary>What differs between two versions: files, rows, columns and their values. Costs what differs.</summary>
internal sealed class DatasetDiffs(DatasetBlobs blobs)
{
    public async Task<DatasetDiff> CompareAsync(DatasetVersion older, DatasetVersion newer, CancellationToken cancellationToken = default)
    {
        var (added, removed, changed) = (new List<DatasetEntry>(), new List<DatasetEntry>(), new List<DatasetEntry>());
        var (rowsAdded, rowsRemoved, bytesAdded, bytesRemoved, truncated) = (0L, 0L, 0L, 0L, false);
        var differences = blobs.Manifests.DiffAsync(
            await blobs.Manifests.ReadRootAsync(older.Content, cancellationToken), await blobs.Manifests.ReadRootAsync(newer.Content, cancellationToken), cancellationToken);
        await foreach (var (was, now) in differences)
        {
            rowsAdded += now?.Rows ?? 0;
            bytesAdded += now?.Bytes ?? 0;
            rowsRemoved += was?.Rows ?? 0;
            bytesRemoved += was?.Bytes ?? 0;
            if (added.Count + removed.Count + changed.Count < DatasetDiff.MaximumEntries)
            {
                (was is null ? added : now is null ? removed : changed).Add(now ?? was!);
            }
            else
            {
                truncated = true;
            }
        }

        return new DatasetDiff
        {
            From = older.Version,
            To = newer.Version,
            RowsAdded = rowsAdded,
            RowsRemoved = rowsRemoved,
            BytesAdded = bytesAdded,
            BytesRemoved = bytesRemoved,
            Added = added,
            Removed = removed,
            Changed = changed,
            Truncated = truncated,
            Columns = Columns(older.Schema, newer.Schema).ToList(),
            Statistics = older.Content == newer.Content
                ? []
                : Statistics(await blobs.StatisticsAsync(older, cancellationToken), await blobs.StatisticsAsync(newer, cancellationToken)).ToList(),
        };
    }

    private static IEnumerable<ColumnChange> Columns(IReadOnlyList<Column> older, IReadOnlyList<Column> newer)
    {
        var was = older.ToDictionary(column => column.Name, StringComparer.Ordinal);
        var now = newer.ToDictionary(column => column.Name, StringComparer.Ordinal);
        return from name in older.Concat(newer).Select(column => column.Name).Distinct(StringComparer.Ordinal)
               let change = new ColumnChange { Name = name, Old = was.GetValueOrDefault(name), New = now.GetValueOrDefault(name) }
               where change.Old != change.New
               select change;
    }

    private static IEnumerable<StatisticsChange> Statistics(IReadOnlyList<ColumnStatistics> older, IReadOnlyList<ColumnStatistics> newer)
    {
        var was = older.ToDictionary(column => column.Name, StringComparer.Ordinal);
        foreach (var now in newer)
        {
            if (!was.TryGetValue(now.Name, out var before))
            {
                continue;
            }

            var values = Values(before.Values, now.Values);
            if (values is { Count: > 0 } || Figures(before) != Figures(now))
            {
                yield return new StatisticsChange { Name = now.Name, Old = before with { Values = null }, New = now with { Values = null }, Values = values };
            }
        }
    }

    private static (ColumnType, long, long, double?, double?, double?, double?) Figures(ColumnStatistics of) =>
        (of.Type, of.Count, of.Nulls, of.Min, of.Max, of.Mean, of.M2);

    private static Dictionary<string, long>? Values(IReadOnlyDictionary<string, long>? was, IReadOnlyDictionary<string, long>? now)
    {
        if (was is null || now is null)
        {
            return null;
        }

        return was.Keys.Concat(now.Keys).Distinct(StringComparer.Ordinal)
            .Select(value => KeyValuePair.Create(value, now.GetValueOrDefault(value) - was.GetValueOrDefault(value)))
            .Where(change => change.Value != 0)
            .OrderByDescending(change => Math.Abs(change.Value)).ThenBy(change => change.Key, StringComparer.Ordinal)
            .Take(StatisticsChange.MaximumValues).ToDictionary(StringComparer.Ordinal);
    }
}
