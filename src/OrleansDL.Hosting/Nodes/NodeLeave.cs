namespace OrleansDL.Nodes;

/// <summary>Tells the parts of a node that it is about to leave, so that they take their leave at the same time, while it still is in the cluster.</summary>
public sealed class NodeLeave
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the node begins to leave.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The node begins to leave. Saying it again does nothing.</summary>
    public void Begin() => _begun.TrySetResult();
}
