using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class LocalReplicasTests
{
    [Fact]
    public async Task A_replica_is_free_only_after_its_last_request_has_left()
    {
        using var replicas = new LocalReplicas();
        replicas.Add(1, new EchoReplica(1));
        Assert.True(replicas.TryAcquire(1, out var lease));

        var removed = replicas.RemoveAsync(1);

        Assert.False(removed.IsCompleted);
        Assert.False(replicas.TryAcquire(1, out _));
        lease.Dispose();
        await removed;
    }

    [Fact]
    public async Task Removing_what_is_not_there_does_nothing()
    {
        using var replicas = new LocalReplicas();

        Assert.Null(await replicas.RemoveAsync(9));
    }
}
