namespace OrleansDL.Nodes;

/// <summary>Holds the start of a silo until it knows its own grains: the list it places by follows its membership a moment later, and a call in between finds no host.</summary>
/// <remarks>Only for a while: a silo that cannot reach others still comes up, and calls that find no host are tried again.</remarks>
internal sealed class OwnManifest(IClusterManifestProvider manifests, ILocalSiloDetails silo, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int AfterActive = ServiceLifecycleStage.Active + 1;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(OwnManifest), AfterActive, WaitAsync);

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await foreach (var known in manifests.Updates.WithCancellation(either.Token))
            {
                if (known.Silos.ContainsKey(silo.SiloAddress))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // It comes up as it would without waiting.
        }
    }
}
