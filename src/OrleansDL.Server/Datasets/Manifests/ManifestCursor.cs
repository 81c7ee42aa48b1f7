namespace OrleansDL.Datasets.Manifests;

/// <summary>Walks a manifest entry by entry, and can leave out a whole node it has not read yet.</summary>
internal sealed class ManifestCursor(ManifestRoot root, Func<ManifestNode, Task<IReadOnlyList<DatasetEntry>>> read)
{
    private IReadOnlyList<DatasetEntry>? _entries;
    private int _node;
    private int _entry;

    public bool AtEnd => _node == root.Nodes.Count;

    /// <summary>The node about to be entered; null within a node and at the end.</summary>
    public ManifestNode? NextNode => _entries is null && !AtEnd ? root.Nodes[_node] : null;

    public void SkipNode() => _node++;

    public async ValueTask<DatasetEntry?> PeekAsync()
    {
        if (AtEnd)
        {
            return null;
        }

        _entries ??= await read(root.Nodes[_node]);
        return _entries[_entry];
    }

    public void Advance()
    {
        if (++_entry == _entries!.Count)
        {
            (_entries, _entry) = (null, 0);
            _node++;
        }
    }
}
