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
        var result = new List<DatasetSource>();
        var next = 0;
        long used = 0;
        long row = 0;
        foreach (var (firstRow, rows, source) in added)
        {
            TakeParent(firstRow - row);
            Append(source, rows);
        }

        TakeParent(long.MaxValue);
        return result;

        void TakeParent(long count)
        {
            while (count > 0 && next < parent.Count)
            {
                var take = Math.Min(count, parent[next].Rows - used);
                Append(parent[next], take);
                count -= take;
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
}
