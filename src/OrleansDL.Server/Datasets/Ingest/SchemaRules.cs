namespace OrleansDL.Datasets.Ingest;

/// <summary>What a commit may do to a dataset's schema: int64 may widen to float64, any column may begin to have nulls, and new columns may come, null in the rows before. Columns are found by name.</summary>
internal static class SchemaRules
{
    /// <summary>The schema after a commit.</summary>
    /// <exception cref="InvalidException">The file's columns do not fit; every reason is named.</exception>
    public static IReadOnlyList<Column> Evolve(IReadOnlyList<Column> schema, IReadOnlyList<Column> file)
    {
        // A file of labels that belongs to another one brings no columns.
        if (file.Count == 0 || schema.Count == 0)
        {
            return schema.Count == 0 ? file : schema;
        }

        var reasons = new List<string>();
        var result = new List<Column>(schema.Count);
        var found = file.ToDictionary(column => column.Name, StringComparer.Ordinal);
        foreach (var column in schema)
        {
            if (!found.Remove(column.Name, out var now))
            {
                // Where nulls stand already a file may lack the column altogether.
                if (!column.Nullable)
                {
                    reasons.Add($"column '{column.Name}' is missing");
                }

                result.Add(column);
                continue;
            }

            if (Type(column, now) is not { } type)
            {
                reasons.Add($"column '{column.Name}' is {Say(now)} and was {Say(column)}");
                continue;
            }

            result.Add(column with { Type = type, Nullable = column.Nullable || now.Nullable });
        }

        if (found.Count == file.Count && reasons.Count == 0)
        {
            reasons.Add($"it has none of the columns {string.Join(", ", schema.Select(column => column.Name).Take(20))}");
        }

        result.AddRange(file.Where(column => found.ContainsKey(column.Name)).Select(column => column with { Nullable = true }));
        return reasons.Count == 0
            ? result
            : throw new InvalidException(
                $"The file does not fit the dataset's schema: {string.Join("; ", reasons.Take(20))}{New(found.Keys)}. Correct the file (header=true|false says whether its first line names the columns, types= what they hold), or create another dataset.");
    }

    private static ColumnType? Type(Column was, Column now) => (was.Type, now.Type) switch
    {
        var (before, after) when before == after => was.Tensor == now.Tensor && was.Separator == now.Separator ? before : null,
        (ColumnType.Int64, ColumnType.Float64) or (ColumnType.Float64, ColumnType.Int64) => ColumnType.Float64,
        _ => null,
    };

    private static string Say(Column column) => column.Tensor ?? (column.Separator is null ? column.Type.ToString().ToLowerInvariant() : $"labels with '{column.Separator}' between");

    private static string New(IEnumerable<string> names) => names.Any() ? $" (and it has {string.Join(", ", names.Take(20))}, which {(names.Skip(1).Any() ? "are" : "is")} new)" : "";
}
