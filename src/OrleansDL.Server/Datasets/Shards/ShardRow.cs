namespace OrleansDL.Datasets.Shards;

/// <summary>One shard as the table has it.</summary>
internal sealed class ShardRow
{
    public string Source { get; set; } = "";
    public int Number { get; set; }
    public string Sha256 { get; set; } = "";
    public long Bytes { get; set; }
    public int Samples { get; set; }

    /// <summary>Separated by line feeds, which no encoding has.</summary>
    public string Encodings { get; set; } = "";
}
