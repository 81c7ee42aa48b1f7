using System.Text;

namespace OrleansDL.Datasets;

/// <summary>How the columns of a dataset lie in MDS shards: one rule for who writes and who reads them.</summary>
/// <remarks>
/// Columns are sorted by code point. MDS knows no null: a nullable column <c>x</c> holds 0 or nothing where a value is missing, and a
/// second column <c>x.null</c> (with as many further <c>.null</c> as it takes to be no column of the dataset) holds 1 there and 0 elsewhere.
/// </remarks>
public static class MdsColumns
{
    /// <summary>An image's bytes as they came in; Pillow tells the format by itself.</summary>
    public const string Png = "png";
    public const string Jpeg = "jpeg";

    private const string MaskSuffix = ".null";

    private static readonly Column[] ImageSchema =
        [new Column { Name = "image", Type = ColumnType.Image }, new Column { Name = "label", Type = ColumnType.String }];

    private static readonly Column[] FileSchema =
        [new Column { Name = "path", Type = ColumnType.String }, new Column { Name = "content", Type = ColumnType.Image }];

    /// <summary>The columns rows of a version have: its schema, or those that every dataset of such a kind has.</summary>
    public static IReadOnlyList<Column> SchemaOf(DatasetKind kind, IReadOnlyList<Column> schema) => kind switch
    {
        _ when schema.Count > 0 => schema,
        DatasetKind.Image => ImageSchema,
        DatasetKind.Files => FileSchema,
        _ => schema,
    };

    /// <summary>The columns of the shards, in the order of their values in a sample.</summary>
    /// <exception cref="InvalidException">A tensor column does not say its type.</exception>
    public static IReadOnlyList<MdsColumn> Of(DatasetKind kind, IReadOnlyList<Column> schema)
    {
        schema = SchemaOf(kind, schema);
        var names = schema.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        var columns = new List<MdsColumn>();
        foreach (var (index, column) in schema.Index())
        {
            var (encoding, size) = EncodingOf(kind, column);
            columns.Add(new MdsColumn { Name = column.Name, Encoding = encoding, Size = size, Source = index });
            if (column.Nullable)
            {
                var mask = column.Name + MaskSuffix;
                while (names.Contains(mask))
                {
                    mask += MaskSuffix;
                }

                columns.Add(new MdsColumn { Name = mask, Encoding = "uint8", Size = 1, Source = index, IsMask = true });
            }
        }

        columns.Sort((left, right) => Encoding.UTF8.GetBytes(left.Name).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right.Name)));
        return columns;
    }

    private static (string Encoding, int? Size) EncodingOf(DatasetKind kind, Column column)
    {
        switch (column.Type)
        {
            case ColumnType.Bool:
                return ("uint8", 1);
            case ColumnType.Int64:
                return ("int64", 8);
            case ColumnType.Float64:
                return ("float64", 8);
            case ColumnType.String:
                return ("str", null);
            case ColumnType.Tensor when column.Tensor is not null:
                var tensor = TensorShape.Parse(column.Tensor);
                return ($"ndarray:{tensor.Element}:{string.Join(',', tensor.Sizes)}", tensor.Bytes);
            default:
                return (column.Type is ColumnType.Tensor || kind is DatasetKind.Files ? "bytes" : Png, null);
        }
    }
}
