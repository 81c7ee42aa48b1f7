using Parquet;
using Parquet.Schema;

namespace OrleansDL.Datasets.Formats;

/// <summary>A column as rows have it, and where a Parquet file holds its values: on its own, as a member of structs, or as items of lists.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Field">What holds the values.</param>
/// <param name="IsList">Whether a row has a list of them.</param>
internal sealed record ParquetColumn(string Name, DataField Field, bool IsList = false)
{
    /// <summary>Lists of numbers, truths and texts are texts. Members of structs are columns of their own, named <c>struct.member</c>. A struct of <c>bytes</c> and <c>path</c>, which is how Python's datasets keep a picture, is one column of its bytes.</summary>
    /// <exception cref="InvalidException">A column holds lists of something else, or maps.</exception>
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

    /// <summary>How many values a row group has of it: an item of a list each, and one for a list that is empty or not there.</summary>
    public int Values(ParquetRowGroupReader group) =>
        checked((int)group.RowGroup.Columns.First(chunk => string.Join('.', chunk.MetaData!.PathInSchema) == Path).MetaData!.NumValues);

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
                case ListField { Item: DataField { IsArray: false, MaxRepetitionLevel: 1 } item } when IsItem(item):
                    columns.Add(new ParquetColumn(name, item, IsList: true));
                    break;
                case StructField { MaxRepetitionLevel: 0 } group when Picture(group) is { } bytes:
                    columns.Add(new ParquetColumn(name, bytes));
                    break;
                case StructField { MaxRepetitionLevel: 0 } group:
                    Add(group.Fields, name + ".", columns);
                    break;
                default:
                    throw new InvalidException($"Column '{name}' is a map, or a list of something else than numbers, truths and texts. Write it as JSON text, as texts with ';' between, or a column an item.");
            }
        }
    }

    private static DataField? Picture(StructField group) =>
        group.Fields.Count == 2 && group.Fields.FirstOrDefault(field => field.Name == "bytes") is DataField bytes && IsBytes(bytes) && group.Fields.Any(field => field.Name == "path")
            ? bytes
            : null;

    private static bool IsItem(DataField field) =>
        field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>)
        || Type.GetTypeCode(field.ClrType) is TypeCode.Boolean or TypeCode.Byte or TypeCode.SByte or TypeCode.Int16 or TypeCode.UInt16
            or TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Single or TypeCode.Double;

    private static bool IsBytes(DataField field) => field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>);
}
