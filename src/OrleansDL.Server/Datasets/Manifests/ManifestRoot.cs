namespace OrleansDL.Datasets.Manifests;

/// <summary>The root of a manifest: its nodes in order of keys. Its digest is the content's digest.</summary>
internal sealed record ManifestRoot
{
    public static ManifestRoot Empty { get; } = new() { Nodes = [] };

    public required IReadOnlyList<ManifestNode> Nodes { get; init; }
    public long Count => Nodes.Sum(node => node.Count);
    public long Bytes => Nodes.Sum(node => node.Bytes);
    public long Rows => Nodes.Sum(node => node.Rows);
}
