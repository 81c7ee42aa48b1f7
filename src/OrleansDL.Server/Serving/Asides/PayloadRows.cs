using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Asides;

/// <summary>Rows that wait for their commit to one dataset.</summary>
internal sealed class PayloadRows(string project, string dataset, DateTimeOffset begun) : IDisposable
{
    private readonly PooledBytes _lines = new();
    private readonly HashSet<long> _generations = [];
    private PayloadBatch? _batch;

    public string Project => project;

    public string Dataset => dataset;

    public long Rows { get; private set; }

    /// <summary>Room the rows take in the queue.</summary>
    public long Reserved { get; private set; }

    public int Bytes => _lines.Length;

    public DateTimeOffset Begun => begun;

    /// <summary>Whether a commit of them was tried: from then on they are what they are.</summary>
    public bool IsClosed => _batch is not null;

    /// <summary>When a commit that failed is tried again.</summary>
    public DateTimeOffset? TryAgain { get; set; }

    /// <summary>When they are to be committed, however few they are.</summary>
    public DateTimeOffset Due(TimeSpan interval) => TryAgain ?? (begun + interval);

    /// <returns>False: no dataset takes it, and it is not added.</returns>
    public bool TryAdd(PayloadRecord record)
    {
        if (!PayloadLine.TryWrite(_lines, record))
        {
            return false;
        }

        Rows++;
        Reserved += record.Bytes;
        _generations.Add(record.Route.Generation ?? 0);
        return true;
    }

    /// <summary>The rows as a batch: the same one each time.</summary>
    public PayloadBatch Close() => _batch ??= new PayloadBatch(Guid.CreateVersion7(begun), project, dataset, _lines.Written, Rows, begun, _generations);

    public void Dispose() => _lines.Dispose();
}
