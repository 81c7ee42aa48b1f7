namespace OrleansDL.Datasets.Shards;

/// <summary>The shards of a run of rows: one manifest node's.</summary>
/// <param name="Source">What the rows are made of: 64 hexadecimal digits.</param>
/// <param name="Node">The manifest node.</param>
/// <param name="Outside">Whether rows need files of other nodes (the labels of IDX images).</param>
/// <param name="FirstRow">The first row in the version.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Complete">Whether all of its shards are there.</param>
internal sealed record ShardSet(string Source, BlobId Node, bool Outside, long FirstRow, long Rows, bool Complete)
{
    /// <summary>Keeps the shards' blobs.</summary>
    public string Owner => OwnerOf(Source);

    public static string OwnerOf(string source) => $"dataset-shards:{source}";
}
