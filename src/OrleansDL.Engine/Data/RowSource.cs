using System.Buffers.Binary;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>The rows of a dataset version, from its shards, in manifest order or by number. Any number of threads may read.</summary>
internal sealed class RowSource : IDisposable
{
    private readonly List<MdsFile> _shards = [];
    private readonly long[] _firsts;
    private readonly IReadOnlyList<MdsColumn> _columns;
    private readonly CellKind[] _kinds;
    private readonly int _variable;
    private readonly string _name;

    /// <param name="assignment">Names the shards.</param>
    /// <param name="folder">Where they lie, unless the assignment says.</param>
    /// <exception cref="InvalidException">There are no rows, or a shard is damaged.</exception>
    public RowSource(RunnerAssignment assignment, string folder)
    {
        _name = $"{assignment.DatasetName}@v{assignment.DatasetVersion}";
        var shards = assignment.Shards ?? [];
        if (shards.Count == 0 || assignment.DatasetKind is DatasetKind.Files)
        {
            throw new InvalidException($"Dataset '{_name}' has no rows to read: none of its files holds rows or images.");
        }

        Columns = MdsColumns.SchemaOf(assignment.DatasetKind, assignment.Schema);
        _columns = MdsColumns.Of(assignment.DatasetKind, assignment.Schema);
        _kinds = [.. _columns.Select(column => KindOf(Columns[column.Source].Type))];
        _variable = _columns.Count(column => column.Size is null);
        _firsts = new long[shards.Count];
        foreach (var (index, shard) in shards.Index())
        {
            var file = new MdsFile(Path.Combine(assignment.ShardDirectory ?? folder, shard.File), _columns);
            _shards.Add(file);
            if (file.Samples != shard.Samples)
            {
                throw file.Wrong($"it has {file.Samples} rows where {shard.Samples} were expected");
            }

            _firsts[index] = Rows;
            Rows += file.Samples;
        }
    }

    public IReadOnlyList<Column> Columns { get; }

    public long Rows { get; }

    /// <summary>The number of the first row of each shard.</summary>
    public IReadOnlyList<long> FirstRows => _firsts;

    /// <summary>Reads every row in order.</summary>
    /// <param name="wanted">For each column whether it is read; the others stay missing. Empty reads all.</param>
    public void Read(ReadOnlySpan<bool> wanted, RowVisitor visit)
    {
        long number = 0;
        var row = NewRow(() => number);
        foreach (var shard in _shards)
        {
            for (var sample = 0; sample < shard.Samples; sample++)
            {
                Decode(shard, sample, wanted, row);
                visit(row);
                number++;
            }
        }
    }

    /// <summary>A reader of single rows; each thread has its own.</summary>
    public RowCursor Open(bool[] wanted) => new(this, wanted);

    public void Dispose()
    {
        foreach (var shard in _shards)
        {
            shard.Dispose();
        }
    }

    internal void ReadRow(long number, ReadOnlySpan<bool> wanted, Row row)
    {
        var shard = ShardOf(number);
        Decode(_shards[shard], (int)(number - _firsts[shard]), wanted, row);
    }

    /// <summary>Says that a row is read soon.</summary>
    internal void Expect(long number)
    {
        var shard = ShardOf(number);
        _shards[shard].Expect((int)(number - _firsts[shard]));
    }

    private int ShardOf(long number) => Array.BinarySearch(_firsts, number) is var index && index >= 0 ? index : ~index - 1;

    internal Row NewRow(Func<long> number) => new() { Where = () => $"row {number() + 1} of {_name}" };

    private void Decode(MdsFile shard, int sample, ReadOnlySpan<bool> wanted, Row row)
    {
        var bytes = shard.Sample(sample);
        var (sizes, at) = (0, _variable * sizeof(uint));
        row.Clear(Columns.Count);
        for (var index = 0; index < _columns.Count; index++)
        {
            var column = _columns[index];
            var size = column.Size ?? (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[(sizeof(uint) * sizes++)..]);
            if (size < 0 || size > bytes.Length - at)
            {
                throw shard.Wrong($"sample {sample} is shorter than its columns");
            }

            if (wanted.IsEmpty || wanted[column.Source])
            {
                if (!column.IsMask)
                {
                    row.Set(column.Source, _kinds[index], bytes.Slice(at, size));
                }
                else if (bytes[at] != 0)
                {
                    // A mask is sorted behind its column, whose name it begins with.
                    row.Set(column.Source, CellKind.Missing, default);
                }
            }

            at += size;
        }
    }

    private static CellKind KindOf(ColumnType type) => type switch
    {
        ColumnType.Bool => CellKind.Bool,
        ColumnType.Int64 => CellKind.Int64,
        ColumnType.Float64 => CellKind.Float64,
        ColumnType.Image => CellKind.Image,
        ColumnType.Tensor => CellKind.Tensor,
        _ => CellKind.Text,
    };
}
