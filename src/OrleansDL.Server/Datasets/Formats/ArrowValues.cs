using System.Globalization;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace OrleansDL.Datasets.Formats;

/// <summary>Values of an Arrow array of any type that we read.</summary>
/// <param name="array">The array.</param>
/// <param name="append">Adds the value of a row that is not null.</param>
internal sealed class ArrowValues(IArrowArray array, Action<ColumnBuilder, int> append) : ColumnValues
{
    public override void AppendTo(ColumnBuilder target, int row)
    {
        if (array.IsNull(row))
        {
            target.AppendNull();
        }
        else
        {
            append(target, row);
        }
    }

    /// <summary>Name of a tensor's element, for the types that can be one.</summary>
    public static string? Element(IArrowType type) => type.TypeId switch
    {
        ArrowTypeId.UInt8 => "uint8",
        ArrowTypeId.Int8 => "int8",
        ArrowTypeId.Int16 => "int16",
        ArrowTypeId.Int32 => "int32",
        ArrowTypeId.Int64 => "int64",
        ArrowTypeId.Float => "float32",
        ArrowTypeId.Double => "float64",
        _ => null,
    };

    public static ColumnValues Of(IArrowArray array) => array switch
    {
        BooleanArray a => new ArrowValues(a, (target, row) => target.AppendTruth(a.GetValue(row)!.Value)),
        Int8Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        Int16Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        Int32Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        Int64Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        UInt8Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        UInt16Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        UInt32Array a => new ArrowValues(a, (target, row) => target.AppendInteger(a.Values[row])),
        UInt64Array a => new ArrowValues(a, (target, row) => target.AppendInteger(
            a.Values[row] <= long.MaxValue ? (long)a.Values[row] : throw new InvalidDataException($"It holds {a.Values[row]}, which is no 64-bit integer with a sign."))),
        HalfFloatArray a => new ArrowValues(a, (target, row) => target.AppendNumber((double)a.Values[row])),
        FloatArray a => new ArrowValues(a, (target, row) => target.AppendNumber(a.Values[row])),
        DoubleArray a => new ArrowValues(a, (target, row) => target.AppendNumber(a.Values[row])),
        Date32Array a => new ArrowValues(a, (target, row) => Text(target, a.GetDateTime(row)!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))),
        Date64Array a => new ArrowValues(a, (target, row) => Text(target, a.GetDateTime(row)!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))),
        TimestampArray a => new ArrowValues(a, (target, row) => Text(target, a.GetTimestamp(row)!.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture))),
        StringArray a => new ArrowValues(a, (target, row) => target.AppendText(a.GetBytes(row))),
        LargeStringArray a => new ArrowValues(a, (target, row) => target.AppendText(a.GetBytes(row))),
        BinaryArray a => new ArrowValues(a, (target, row) => target.AppendText(a.GetBytes(row))),
        LargeBinaryArray a => new ArrowValues(a, (target, row) => target.AppendText(a.GetBytes(row))),
        FixedSizeListArray a => Tensors(a),
        DictionaryArray a => Looked(a),
        _ => throw new InvalidDataException($"A column comes as Arrow's {array.Data.DataType.Name}, which is not read."),
    };

    private static ArrowValues Looked(DictionaryArray array)
    {
        var values = Of(array.Dictionary);
        Func<int, long> index = array.Indices switch
        {
            Int8Array a => row => a.Values[row],
            Int16Array a => row => a.Values[row],
            Int32Array a => row => a.Values[row],
            Int64Array a => row => a.Values[row],
            UInt8Array a => row => a.Values[row],
            UInt16Array a => row => a.Values[row],
            UInt32Array a => row => a.Values[row],
            _ => throw new InvalidDataException("A dictionary's places are of a type that is not read."),
        };
        var count = array.Dictionary.Length;
        return new ArrowValues(array.Indices, (target, row) =>
        {
            var at = index(row);
            values.AppendTo(target, at >= 0 && at < count ? (int)at : throw new InvalidDataException($"A value is said to stand at place {at} of a dictionary of {count}."));
        });
    }

    private static ArrowValues Tensors(FixedSizeListArray array)
    {
        var size = ((FixedSizeListType)array.Data.DataType).ListSize;
        var width = ((FixedWidthType)array.Values.Data.DataType).BitWidth / 8;
        var values = array.Values.Data.Buffers[1].Memory;
        var start = array.Values.Offset + (array.Offset * size);
        return new ArrowValues(array, (target, row) => target.AppendText(values.Span.Slice((start + (row * size)) * width, size * width)));
    }

    private static void Text(ColumnBuilder target, string text) => target.AppendText(Encoding.UTF8.GetBytes(text));
}
