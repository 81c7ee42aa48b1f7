namespace OrleansDL.Datasets.Ingest;

/// <summary>What a commit may do to a dataset's schema: the same columns; int64 may widen to float64, and any column may begin to have nulls.</summary>
internal static class SchemaRules
{
    /// <summary>The type new values of a column are held to (int64 still widens to float64); null leaves it to inference.</summary>
    public static ColumnType? Expect(IReadOnlyList<Column>? schema, string name) => schema?.FirstOrDefault(column => column.Name == name)?.Type;

    /// <summary>The schema after a commit.</summary>
    /// <exception cref="InvalidException">The file's columns do not fit; every reason is named.</exception>
    public static IReadOnlyList<Column> Evolve(IReadOnlyList<Column> schema, IReadOnlyList<Column> file, bool ordered)
    {
        var reasons = new List<string>();
        var result = new List<Column>(schema.Count);
        foreach (var column in schema)
        {
            if (file.FirstOrDefault(other => other.Name == column.Name) is not { } found)
            {
                reasons.Add($"column '{column.Name}' is missing");
                continue;
            }

            var type = (column.Type, found.Type) switch
            {
                var (was, now) when was == now => was,
                (ColumnType.Int64, ColumnType.Float64) or (ColumnType.Float64, ColumnType.Int64) => ColumnType.Float64,
                _ => (ColumnType?)null,
            };
            if (type is null)
            {
                reasons.Add($"column '{column.Name}' is {found.Type.ToString().ToLowerInvariant()} and was {column.Type.ToString().ToLowerInvariant()}");
                continue;
            }

            result.Add(column with { Type = type.Value, Nullable = column.Nullable || found.Nullable });
        }

        var names = schema.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        reasons.AddRange(file.Where(column => !names.Contains(column.Name)).Select(column => $"column '{column.Name}' is new"));
        if (reasons.Count == 0 && ordered && !file.Select(column => column.Name).SequenceEqual(schema.Select(column => column.Name), StringComparer.Ordinal))
        {
            reasons.Add($"the columns stand in another order than {string.Join(", ", schema.Select(column => column.Name).Take(20))}");
        }

        return reasons.Count == 0
            ? result
            : throw new InvalidException(
                $"The file does not fit the dataset's schema: {string.Join("; ", reasons.Take(20))}. Correct the file (header=true|false says whether its first line names the columns), or create another dataset.");
    }
}
