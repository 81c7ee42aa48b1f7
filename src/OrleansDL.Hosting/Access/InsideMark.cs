namespace OrleansDL.Access;

/// <summary>Marks every call this silo makes with the cluster's secret, so that the callee knows it for one of the cluster's own.</summary>
internal sealed class InsideMark(ClusterSecret secret) : IOutgoingGrainCallFilter
{
    /// <summary>The RequestContext key of the mark.</summary>
    public const string Key = "odl-inside";

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        // What goes to a client (an observer, a stream's subscriber) must not carry it out of the cluster.
        if (context.TargetId.IsClient())
        {
            RequestContext.Remove(Key);
        }
        else
        {
            RequestContext.Set(Key, await secret.GetAsync());
        }

        await context.Invoke();
    }
}
