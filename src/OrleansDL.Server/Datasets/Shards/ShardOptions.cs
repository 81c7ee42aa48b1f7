using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Datasets.Shards;

/// <summary>How long derived shards are kept, and how many are made at once.</summary>
internal sealed class ShardOptions
{
    /// <summary>How long shards that nobody uses are kept. They are made again when they are wanted.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepUnused { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Versions whose shards one server makes at once. Each takes a core and up to 200 MB.</summary>
    [Range(1, 64)]
    public int Builders { get; set; } = 2;
}
