using System.Buffers;
using System.Text.Json;
using Apache.Arrow;
using OrleansDL.Datasets.Exports;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>Rows of record batches as a deployment takes them: a picture where there is one, a tensor's numbers, else an object by column.</summary>
internal sealed class RequestRows : IDisposable
{
    private readonly IReadOnlyList<Column> _columns;
    private readonly int _picture;
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    private readonly Utf8JsonWriter _json;

    /// <param name="columns">The version's columns, as they are read.</param>
    public RequestRows(IReadOnlyList<Column> columns)
    {
        Check(columns);
        _columns = columns;
        _picture = Picture(columns);
        _json = new Utf8JsonWriter(_bytes);
        Clear();
    }

    /// <exception cref="InvalidException">Such rows cannot be put to a deployment.</exception>
    public static void Check(IReadOnlyList<Column> columns)
    {
        if (Picture(columns) is >= 0 and var picture && columns[picture].Tensor is { } tensor && TensorShape.Parse(tensor).Element is not ("uint8" or "float32"))
        {
            throw new InvalidException($"The column '{columns[picture].Name}' holds {tensor}; only tensors of uint8 and float32 can be predicted in batches.");
        }
    }

    public int Count { get; private set; }

    public int Bytes => _bytes.WrittenCount + (int)_json.BytesPending;

    public void Add(RecordBatch batch, int row)
    {
        Count++;
        if (_picture >= 0)
        {
            Write(_columns[_picture], batch.Column(_picture), row);
            return;
        }

        _json.WriteStartObject();
        for (var column = 0; column < _columns.Count; column++)
        {
            _json.WritePropertyName(_columns[column].Name);
            Cells.Write(_json, batch.Column(column), row);
        }

        _json.WriteEndObject();
    }

    /// <summary>The rows as a JSON array; the next ones begin another.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        _json.WriteEndArray();
        _json.Flush();
        var rows = _bytes.WrittenSpan.ToArray();
        Clear();
        return rows;
    }

    public void Dispose() => _json.Dispose();

    private void Clear()
    {
        _bytes.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartArray();
        Count = 0;
    }

    private static int Picture(IReadOnlyList<Column> columns) =>
        columns.Index().Where(column => column.Item.Type is ColumnType.Image or ColumnType.Tensor).Select(column => column.Index).FirstOrDefault(-1);

    private void Write(Column column, IArrowArray array, int row)
    {
        if (array.IsNull(row))
        {
            throw new InvalidException($"the column '{column.Name}' has no value there");
        }

        var bytes = ((BinaryArray)array).GetBytes(row);
        if (column.Tensor is null)
        {
            _json.WriteStartObject();
            _json.WriteBase64String("image"u8, bytes);
            _json.WriteEndObject();
            return;
        }

        _json.WriteStartArray();
        if (TensorShape.Parse(column.Tensor).Element == "uint8")
        {
            foreach (var number in bytes)
            {
                _json.WriteNumberValue(number);
            }
        }
        else
        {
            for (var at = 0; at < bytes.Length; at += sizeof(float))
            {
                _json.WriteNumberValue(System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]));
            }
        }

        _json.WriteEndArray();
    }
}
