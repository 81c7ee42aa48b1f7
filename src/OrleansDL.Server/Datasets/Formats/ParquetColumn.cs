using Parquet.Schema;

namespace OrleansDL.Datasets.Formats;

/// <summary>A column as rows have it, and where a Parquet file holds its values: on its own, or as a member of structs.</summary>
internal sealed record ParquetColumn(string Name, DataField Field)
{
    /// <summary>Members of structs are columns of their own, named <c>struct.member</c>. A struct of <c>bytes</c> and <c>path</c>, which is how Python's datasets keep a picture, is one column of its bytes.</summary>
    /// <exception cref="InvalidException">A column holds several values a row.</exception>
    public static List<ParquetColumn> Of(ParquetSchema schema)
    {
        var columns = new List<ParquetColumn>();
        Add(schema.Fields, "", columns);
        return columns;
    }

    /// <summary>As the footer names it.</summary>
    public string Path => string.Join('.', Field.Path.ToList());

    public bool IsText => Field.ClrType == typeof(string) || Field.ClrType == typeof(ReadOnlyMemory<char>);

    public bool IsBinary => IsBytes(Field);

    private static void Add(IReadOnlyList<Field> fields, string prefix, List<ParquetColumn> columns)
    {
        foreach (var field in fields)
        {
            var name = prefix + field.Name;
            switch (field)
            {
                case DataField { IsArray: false, MaxRepetitionLevel: 0 } data:
                    columns.Add(new ParquetColumn(name, data));
                    break;
                case StructField { MaxRepetitionLevel: 0 } group when Picture(group) is { } bytes:
                    columns.Add(new ParquetColumn(name, bytes));
                    break;
                case StructField { MaxRepetitionLevel: 0 } group:
                    Add(group.Fields, name + ".", columns);
                    break;
                default:
                    throw new InvalidException($"Column '{name}' is a list or a map; a column holds one value a row. Write it as JSON text, as texts with ';' between, or a column an item.");
            }
        }
    }

    private static DataField? Picture(StructField group) =>
        group.Fields.Count == 2 && group.Fields.FirstOrDefault(field => field.Name == "bytes") is DataField bytes && IsBytes(bytes) && group.Fields.Any(field => field.Name == "path")
            ? bytes
            : null;

    private static bool IsBytes(DataField field) => field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>);
}
