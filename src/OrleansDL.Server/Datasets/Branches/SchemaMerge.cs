namespace OrleansDL.Datasets.Branches;

/// <summary>The columns of two versions together: our order first, then what only they have.</summary>
internal static class SchemaMerge
{
    /// <exception cref="ConflictException">A column has types that no type holds both of.</exception>
    public static IReadOnlyList<Column> Merge(IReadOnlyList<Column> from, IReadOnlyList<Column> ours, IReadOnlyList<Column> theirs)
    {
        var other = theirs.ToDictionary(column => column.Name, StringComparer.Ordinal);
        var before = from.ToDictionary(column => column.Name, StringComparer.Ordinal);
        var merged = new List<Column>(ours.Count);
        foreach (var column in ours)
        {
            // Rows of a side that does not have a column have null there.
            merged.Add(other.Remove(column.Name, out var their) ? Join(before.GetValueOrDefault(column.Name), column, their) : column with { Nullable = true });
        }

        merged.AddRange(theirs.Where(column => other.ContainsKey(column.Name)).Select(column => ours.Count == 0 ? column : column with { Nullable = true }));
        return merged.ToArray();
    }

    private static Column Join(Column? before, Column ours, Column theirs)
    {
        var nullable = ours.Nullable || theirs.Nullable;
        if (ours with { Nullable = nullable } == theirs with { Nullable = nullable })
        {
            return ours with { Nullable = nullable };
        }

        return (ours.Type, theirs.Type) switch
        {
            (ColumnType.Int64, ColumnType.Float64) or (ColumnType.Float64, ColumnType.Int64) => ours with { Type = ColumnType.Float64, Nullable = nullable },
            _ when before is not null && before with { Nullable = nullable } == ours with { Nullable = nullable } => theirs with { Nullable = nullable },
            _ when before is not null && before with { Nullable = nullable } == theirs with { Nullable = nullable } => ours with { Nullable = nullable },
            _ => throw new ConflictException(
                $"Column '{ours.Name}' is {ours.Type.ToString().ToLowerInvariant()} on the branch and {theirs.Type.ToString().ToLowerInvariant()} in what is merged. Bring one side to the other's type first."),
        };
    }
}
