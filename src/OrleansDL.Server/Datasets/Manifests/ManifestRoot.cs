namespace OrleansDL.Datasets.Manifests;

/// <summary>The root of a manifest: its nodes in order of keys. Its digest is the content's digest.</summary>
internal sealed record ManifestRoot
{
    public static ManifestRoot Empty { get; } = new() { Nodes = [] };

    public required IReadOnlyList<ManifestNode> Nodes { get; init; }

    /// <summary>Index of the node a path lies in or before; the number of nodes when it lies after all.</summary>
    public int IndexOf(string path)
    {
        var (low, high) = (0, Nodes.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = EntryPath.Compare(Nodes[middle].Last, path) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public long Count => Nodes.Sum(node => node.Count);
    public long Bytes => Nodes.Sum(node => node.Bytes);
    public long Rows => Nodes.Sum(node => node.Rows);
}
