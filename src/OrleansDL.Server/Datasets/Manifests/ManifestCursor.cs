namespace OrleansDL.Datasets.Manifests;

/// <summary>Walks a manifest line by line, and can leave out a whole node it has not read yet.</summary>
internal sealed class ManifestCursor(ManifestRoot root, Func<ManifestNode, Task<ManifestLine[]>> read)
{
    private ManifestLine[]? _lines;
    private int _node;
    private int _line;

    public bool AtEnd => _node == root.Nodes.Count;

    /// <summary>Rows before the current line.</summary>
    public long Row { get; private set; }

    /// <summary>The node about to be entered; null within a node and at the end.</summary>
    public ManifestNode? NextNode => _lines is null && !AtEnd ? root.Nodes[_node] : null;

    /// <summary>Valid after <see cref="LoadAsync"/>.</summary>
    public ManifestLine Current => _lines![_line];

    public void SkipNode() => Row += root.Nodes[_node++].Rows;

    /// <summary>Reads the node that the cursor stands at, if it has not been read.</summary>
    public async ValueTask LoadAsync() => _lines ??= AtEnd ? null : await read(root.Nodes[_node]);

    public void Advance()
    {
        Row += Current.Rows;
        if (++_line == _lines!.Length)
        {
            (_lines, _line) = (null, 0);
            _node++;
        }
    }
}
