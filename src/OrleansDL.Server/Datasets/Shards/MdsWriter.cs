using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Apache.Arrow;

namespace OrleansDL.Datasets.Shards;

/// <summary>Turns record batches into MDS shards.</summary>
internal sealed class MdsWriter
{
    private static readonly byte[] Zero = [0];
    private static readonly byte[] One = [1];

    private readonly IReadOnlyList<MdsColumn> _columns;
    private readonly MdsShardBuilder _builder;
    private readonly byte[]?[] _zeros;

    public MdsWriter(IReadOnlyList<MdsColumn> columns, long sizeLimit = MdsFormat.SizeLimit)
    {
        _columns = columns;
        _builder = new MdsShardBuilder(columns, sizeLimit);
        _zeros = [.. columns.Select(column => column.Size is { } size ? new byte[size] : null)];
    }

    /// <summary>The shards of rows that come batch by batch. Each one's bytes are good until the next is asked for.</summary>
    /// <param name="schema">The rows' columns, by which those of the batches are found.</param>
    public async IAsyncEnumerable<MdsShard> WriteAsync(
        IReadOnlyList<Datasets.Column> schema, IAsyncEnumerable<RecordBatch> batches, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var batch in batches.WithCancellation(cancellationToken))
        {
            using (batch)
            {
                var arrays = _columns.Select(column => batch.Column(schema[column.Source].Name)
                    ?? throw new InvalidDataException($"The rows lack column '{schema[column.Source].Name}'.")).ToArray();
                for (var row = 0; row < batch.Length; row++)
                {
                    for (var column = 0; column < arrays.Length; column++)
                    {
                        Add(column, arrays[column], row);
                    }

                    while (!_builder.TryEnd())
                    {
                        yield return _builder.Take();
                    }
                }
            }
        }

        if (_builder.Samples > 0)
        {
            yield return _builder.Take();
        }
    }

    private void Add(int column, IArrowArray array, int row)
    {
        if (_columns[column].IsMask)
        {
            _builder.Add(array.IsNull(row) ? One : Zero);
            return;
        }

        if (array.IsNull(row))
        {
            _builder.Add(_zeros[column]);
            return;
        }

        Span<byte> number = stackalloc byte[8];
        switch (array)
        {
            case BooleanArray truths:
                _builder.Add(truths.GetValue(row) is true ? One : Zero);
                break;
            case Int64Array integers:
                BinaryPrimitives.WriteInt64LittleEndian(number, integers.Values[row]);
                _builder.Add(number);
                break;
            case DoubleArray doubles:
                BinaryPrimitives.WriteDoubleLittleEndian(number, doubles.Values[row]);
                _builder.Add(number);
                break;
            case BinaryArray bytes:
                _builder.Add(bytes.GetBytes(row));
                break;
            default:
                throw new InvalidDataException($"Column '{_columns[column].Name}' comes as {array.Data.DataType.Name}, which shards do not hold.");
        }
    }
}
