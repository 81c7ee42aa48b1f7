using Apache.Arrow;
using Apache.Arrow.Types;

namespace OrleansDL.Datasets.Formats;

/// <summary>Our column types as Arrow has them.</summary>
internal static class ArrowTypes
{
    /// <summary>Name of the field metadata that says a tensor's element and shape, for example <c>uint8[28,28]</c>.</summary>
    public const string TensorKey = "tensor";

    /// <summary>Name of the field metadata that says what stands between the labels of a column of label lists.</summary>
    public const string SeparatorKey = "odl.separator";

    /// <summary>Name of the field metadata that says our own type (<c>image</c>, <c>tensor</c>, <c>bytes</c>) of binary columns.</summary>
    public const string TypeKey = "odl.type";

    public static Field ToField(Column column)
    {
        IArrowType type = column.Type switch
        {
            ColumnType.Bool => BooleanType.Default,
            ColumnType.Int64 => Int64Type.Default,
            ColumnType.Float64 => DoubleType.Default,
            ColumnType.String => StringType.Default,
            _ => BinaryType.Default,
        };
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (column.Type is ColumnType.Image or ColumnType.Tensor)
        {
            metadata[TypeKey] = column.Type == ColumnType.Image ? "image" : column.Tensor is null ? "bytes" : "tensor";
        }

        if (column.Tensor is not null)
        {
            metadata[TensorKey] = column.Tensor;
        }

        if (column.Separator is not null)
        {
            metadata[SeparatorKey] = column.Separator;
        }

        return new Field(column.Name, type, column.Nullable, metadata);
    }
}
