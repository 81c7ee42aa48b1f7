using OrleansDL.Nodes;

namespace OrleansDL.Serving;

/// <summary>Where the artifacts of loaded generations lie while they are loaded.</summary>
internal sealed class ReplicaFolder(NodeOptions node)
{
    // What the process before this one left is removed before the first load, which may come before the host's services have started.
    private readonly Lazy<string> _root = new(() =>
    {
        var root = System.IO.Path.Combine(node.DirectoryOrDefault, "replicas", node.WorkerNameOrDefault);
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        return root;
    });

    public string Path => _root.Value;
}
