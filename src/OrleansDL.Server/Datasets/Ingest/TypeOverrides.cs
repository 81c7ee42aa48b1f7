namespace OrleansDL.Datasets.Ingest;

/// <summary>Types said by whoever uploads, in place of those found: <c>types=zip=string,age=float64,intent=label,topics=labels</c>.</summary>
internal static class TypeOverrides
{
    private const int MaximumText = 64 * 1024;

    /// <summary>What is said of each column; empty when nothing is said.</summary>
    /// <exception cref="InvalidException">The text is no such list.</exception>
    public static IReadOnlyDictionary<string, Column> Parse(string? text)
    {
        var types = new Dictionary<string, Column>(StringComparer.Ordinal);
        if (text?.Length > MaximumText)
        {
            throw new InvalidException($"types has more than {MaximumText} characters.");
        }

        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sign = part.LastIndexOf('=');
            var type = sign <= 0 ? null : part[(sign + 1)..] switch
            {
                "bool" => ColumnType.Bool,
                "int64" => ColumnType.Int64,
                "float64" => ColumnType.Float64,

                // A label is a name, also where it looks like a number.
                "string" or "label" or "labels" => ColumnType.String,
                _ => (ColumnType?)null,
            };
            var name = part[..Math.Max(0, sign)];
            if (type is null || !types.TryAdd(name, new Column { Name = name, Type = type.Value, Separator = part[(sign + 1)..] == "labels" ? LabelText.Separator : null }))
            {
                throw new InvalidException($"types is a list as 'zip=string,age=float64' with each column once; '{part}' is none of it. Types are bool, int64, float64, string, label, and labels for several with ';' between.");
            }
        }

        return types;
    }

    /// <summary>What a column is held to: what is said of it, else what the schema has; null leaves it to inference.</summary>
    public static Column? Expect(IReadOnlyDictionary<string, Column>? types, IReadOnlyList<Column>? schema, string name) =>
        types?.GetValueOrDefault(name) ?? schema?.FirstOrDefault(column => column.Name == name);

    /// <exception cref="InvalidException">A type is said of a column that the file does not have.</exception>
    public static void CheckNames(IReadOnlyDictionary<string, Column> types, IEnumerable<string> columns)
    {
        var unknown = types.Keys.Except(columns, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            throw new InvalidException($"types names columns that the file does not have: {string.Join(", ", unknown.Take(20))}. It has {string.Join(", ", columns.Take(50))}.");
        }
    }

    /// <summary>The columns of a file that says its own types, as they come in: types said win, and what the schema has as float64 stays so.</summary>
    /// <exception cref="InvalidException">Columns cannot be taken; every reason is named.</exception>
    public static IReadOnlyList<Column> Apply(IReadOnlyList<Column> file, IReadOnlyDictionary<string, Column> types, IReadOnlyList<Column>? schema, int maximumColumns)
    {
        CheckNames(types, file.Select(column => column.Name));
        var reasons = new List<string>();
        if (file.Count > maximumColumns)
        {
            reasons.Add($"it has {file.Count} columns, and at most {maximumColumns} are allowed");
        }

        reasons.AddRange(file.GroupBy(column => column.Name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => $"the column '{group.Key}' stands twice"));
        reasons.AddRange(file.Where(column => ColumnNames.Fault(column.Name) is not null).Select(column => $"a column {ColumnNames.Fault(column.Name)}"));
        var columns = new List<Column>(file.Count);
        foreach (var column in file)
        {
            var held = Expect(types, schema, column.Name);
            var wanted = types.TryGetValue(column.Name, out var said)
                ? said.Type
                : (column.Type, held?.Type) is (ColumnType.Int64, ColumnType.Float64) ? ColumnType.Float64 : column.Type;
            if (wanted != column.Type && !(wanted == ColumnType.String && column.Tensor is null && column.Type != ColumnType.Image) && (column.Type, wanted) is not (ColumnType.Int64, ColumnType.Float64))
            {
                reasons.Add($"column '{column.Name}' holds {column.Type.ToString().ToLowerInvariant()}, which cannot be read as {wanted.ToString().ToLowerInvariant()}");
            }

            columns.Add(column with { Type = wanted, Separator = wanted != ColumnType.String ? null : held is null ? column.Separator : held.Separator });
        }

        return reasons.Count == 0
            ? columns
            : throw new InvalidException($"The file cannot be taken: {string.Join("; ", reasons.Take(20))}.");
    }
}
