using OrleansDL.Pipelines;
using OrleansDL.Targets;

namespace OrleansDL.Data;

/// <summary>The rows of one side as the network takes them: encoded in memory, or read and encoded again whenever they are asked for.</summary>
internal sealed class SampleRows(RowSource source, RowSet rows, Pipeline pipeline, InputPlan plan, Target target)
{
    private readonly bool[] _wanted = plan.Wanted(source.Columns.Count);
    private long[]? _spans;

    public long Count => rows.Count;

    /// <summary>All rows encoded; null when they are too many to be kept.</summary>
    public EncodedRows? Encoded { get; private set; }

    /// <summary>For each shard, how many of the rows come before it.</summary>
    public IReadOnlyList<long> Spans => _spans ??= [.. source.FirstRows.Select(rows.Before)];

    public SampleReader Open() => new(this, source.Open(_wanted));

    /// <summary>Encodes every row once and keeps them. What cannot be encoded is told by the first such row, however many threads read.</summary>
    public void Keep(int threads)
    {
        const int Chunk = 4096;
        var encoded = new EncodedRows(pipeline, target, (int)Count);
        var chunks = (int)((Count + Chunk - 1) / Chunk);
        var errors = new OrleansDLException?[chunks];
        Parallel.For(
            0, chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, Open,
            (chunk, _, reader) =>
            {
                try
                {
                    for (var row = chunk * Chunk; row < Math.Min(Count, (chunk + 1L) * Chunk); row++)
                    {
                        reader.Read(row, encoded.Bytes(row), encoded.Target(row));
                    }
                }
                catch (OrleansDLException error)
                {
                    errors[chunk] = error;
                }

                return reader;
            },
            _ => { });
        if (errors.FirstOrDefault(error => error is not null) is { } first)
        {
            throw first;
        }

        Encoded = encoded;
    }

    internal void Expect(RowCursor cursor, long index)
    {
        if (Encoded is null)
        {
            cursor.Expect(rows[index]);
        }
    }

    internal void Encode(RowCursor cursor, long index, Span<byte> input, Span<byte> answer)
    {
        if (Encoded is { } encoded)
        {
            encoded.Bytes((int)index).CopyTo(input);
            encoded.Target((int)index).CopyTo(answer);
            return;
        }

        var row = cursor.Read(rows[index]);
        pipeline.Encode(row, plan.Columns, input);
        target.Read(row, plan.Targets, answer);
    }
}
