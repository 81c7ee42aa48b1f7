namespace OrleansDL.Datasets.Manifests;

/// <summary>Which source each row of a version came from: ranges in row order, without gaps.</summary>
internal static class SourceRanges
{
    /// <summary>Puts added rows at their places among the parent's, and joins neighbours of one source.</summary>
    /// <param name="parent">The parent's ranges.</param>
    /// <param name="added">Rows that came in, in row order of the new version.</param>
    public static IReadOnlyList<DatasetSource> Insert(
        IReadOnlyList<DatasetSource> parent, IEnumerable<(long FirstRow, long Rows, DatasetSource Source)> added)
    {
        long inserted = 0;
        return Edit(parent, added.Select(range =>
        {
            var at = range.FirstRow - inserted;
            inserted += range.Rows;
            return (at, 0L, (IEnumerable<DatasetSource>)[range.Source with { Rows = range.Rows }]);
        }));
    }

    /// <summary>Takes rows out of the parent's ranges and puts others in, and joins neighbours of one source.</summary>
    /// <param name="parent">The parent's ranges.</param>
    /// <param name="changes">In row order: the row of the parent at which it happens, how many of the parent's rows go, and what comes in their place.</param>
    public static IReadOnlyList<DatasetSource> Edit(
        IReadOnlyList<DatasetSource> parent, IEnumerable<(long OldRow, long Gone, IEnumerable<DatasetSource> Added)> changes)
    {
        var result = new List<DatasetSource>();
        var next = 0;
        var (used, oldRow, row) = (0L, 0L, 0L);
        foreach (var (at, gone, added) in changes)
        {
            TakeParent(at - oldRow, keep: true);
            TakeParent(gone, keep: false);
            foreach (var source in added)
            {
                Append(source, source.Rows);
            }
        }

        TakeParent(long.MaxValue, keep: true);
        return result;

        void TakeParent(long count, bool keep)
        {
            while (count > 0 && next < parent.Count)
            {
                var take = Math.Min(count, parent[next].Rows - used);
                if (keep)
                {
                    Append(parent[next], take);
                }

                count -= take;
                oldRow += take;
                used += take;
                if (used == parent[next].Rows)
                {
                    next++;
                    used = 0;
                }
            }
        }

        void Append(DatasetSource source, long rows)
        {
            if (result.Count > 0 && result[^1] is var last && last == source with { FirstRow = last.FirstRow, Rows = last.Rows })
            {
                result[^1] = last with { Rows = last.Rows + rows };
            }
            else if (rows > 0)
            {
                result.Add(source with { FirstRow = row, Rows = rows });
            }

            row += rows;
        }
    }

    /// <summary>The sources of some rows.</summary>
    public static IReadOnlyList<DatasetSource> Slice(IReadOnlyList<DatasetSource> ranges, long firstRow, long rows)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].FirstRow + ranges[middle].Rows <= firstRow ? (middle + 1, high) : (low, middle);
        }

        var slice = new List<DatasetSource>();
        for (; low < ranges.Count && ranges[low].FirstRow < firstRow + rows; low++)
        {
            var first = Math.Max(firstRow, ranges[low].FirstRow);
            slice.Add(ranges[low] with { FirstRow = first, Rows = Math.Min(firstRow + rows, ranges[low].FirstRow + ranges[low].Rows) - first });
        }

        return slice;
    }

    /// <summary>As many ranges as a version's record shows: those of new sources first, then from the first row on.</summary>
    public static IReadOnlyList<DatasetSource> Shorten(IReadOnlyList<DatasetSource> ranges, IReadOnlySet<BlobId> preferred)
    {
        if (ranges.Count <= DatasetVersion.MaximumSources)
        {
            return ranges;
        }

        return ranges.Where(range => preferred.Contains(range.Sha256)).Take(DatasetVersion.MaximumSources)
            .Concat(ranges.Where(range => !preferred.Contains(range.Sha256)).Take(DatasetVersion.MaximumSources))
            .Take(DatasetVersion.MaximumSources)
            .OrderBy(range => range.FirstRow)
            .ToArray();
    }
}
