using System.Text;
using Apache.Arrow;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Hashes rows that come as record batches, to find those that repeat. A row's hash is the sum over its values that are not null, each mixed with its column's name.</summary>
/// <remarks>So neither the order of columns nor one that comes later changes it. The hashes are stored in sketches and never change.</remarks>
/// <param name="without">A column that does not count.</param>
internal sealed class BatchRows(string? without = null)
{
    private readonly Dictionary<string, ulong> _names = new(StringComparer.Ordinal);
    private ulong[] _hashes = [];

    public RowSketch Sketch { get; } = new();

    public void Add(RecordBatch batch)
    {
        if (_hashes.Length < batch.Length)
        {
            _hashes = new ulong[batch.Length];
        }

        var hashes = _hashes.AsSpan(0, batch.Length);
        hashes.Clear();
        for (var i = 0; i < batch.ColumnCount; i++)
        {
            if (batch.Schema.GetFieldByIndex(i).Name is var name && name != without)
            {
                Add(hashes, batch.Column(i), NameOf(name));
            }
        }

        foreach (var hash in hashes)
        {
            Sketch.Add(hash);
        }
    }

    private ulong NameOf(string column)
    {
        if (!_names.TryGetValue(column, out var hash))
        {
            _names.Add(column, hash = ValueHash.Of(Encoding.UTF8.GetBytes(column)));
        }

        return hash;
    }

    private static void Add(Span<ulong> hashes, IArrowArray array, ulong name)
    {
        for (var row = 0; row < hashes.Length; row++)
        {
            if (!array.IsNull(row))
            {
                hashes[row] += ValueHash.Mix(name ^ array switch
                {
                    Int64Array integers => ValueHash.Of(integers.Values[row]),
                    DoubleArray numbers => ValueHash.Of(numbers.Values[row]),
                    BooleanArray truths => truths.GetValue(row) is true ? 1UL : 0UL,
                    BinaryArray bytes => ValueHash.Of(bytes.GetBytes(row)),
                    _ => throw new InvalidOperationException($"A reader gave a column of type {array.Data.DataType.Name}."),
                });
            }
        }
    }
}
