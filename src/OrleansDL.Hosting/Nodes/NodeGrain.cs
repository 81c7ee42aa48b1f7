using Orleans.Concurrency;
using OrleansDL.Placement;

namespace OrleansDL.Nodes;

[GrainType("node"), OnSilo, Reentrant]
internal sealed class NodeGrain(NodeNotices notices) : Grain, INodeGrain
{
    public Task NoticeAsync(string topic, string payload) => notices.DispatchAsync(topic, payload);
}
