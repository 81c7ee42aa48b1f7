namespace OrleansDL.Tests.Harness;

/// <summary>The processes of one installation, each of which can be killed and started again as the same node.</summary>
internal sealed class KillableCluster : IAsyncDisposable
{
    private readonly List<OdlProcess> _nodes = [];

    public IReadOnlyList<OdlProcess> Nodes => _nodes;

    public async Task<OdlProcess> StartAsync(OdlOptions options)
    {
        var node = await OdlProcess.StartAsync(options);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A client of the first node, which is the server.</summary>
    public Api Api() => _nodes[0].Api();

    /// <param name="victim">What is killed.</param>
    /// <param name="worker">The worker that is meant.</param>
    /// <param name="runner">The runner that is meant.</param>
    /// <param name="whileGone">What happens before it is started again.</param>
    public async Task KillAsync(Victim victim, string worker, int runner, Func<Task>? whileGone = null)
    {
        if (victim is Victim.Runner)
        {
            Signals.Kill(runner);
            return;
        }

        var indexes = Enumerable.Range(0, _nodes.Count).Where(index => victim switch
        {
            Victim.Server => index == 0,
            Victim.Worker => _nodes[index].Options.WorkerName == worker,
            _ => true,
        }).ToList();
        await Task.WhenAll(indexes.Select(index => _nodes[index].KillAsync()));
        await (whileGone?.Invoke() ?? Task.CompletedTask);
        foreach (var index in indexes)
        {
            var options = _nodes[index].Options;
            await _nodes[index].DisposeAsync();
            _nodes[index] = await OdlProcess.StartAsync(options);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }
}
