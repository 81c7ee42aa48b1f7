namespace OrleansDL.Datasets.Shards;

/// <summary>The making of one version's shards in this process.</summary>
internal sealed class ShardJob
{
    private long _rows;

    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Rows whose shards are there.</summary>
    public long RowsDone => Interlocked.Read(ref _rows);

    public void Add(long rows) => Interlocked.Add(ref _rows, rows);
}
