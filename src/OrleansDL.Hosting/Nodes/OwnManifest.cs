namespace OrleansDL.Nodes;

/// <summary>Holds the start of a silo until it knows its own grains: the list it places by follows its membership a moment later, and a call in between finds no host.</summary>
internal sealed class OwnManifest(IClusterManifestProvider manifests, ILocalSiloDetails silo) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int AfterActive = ServiceLifecycleStage.Active + 1;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(OwnManifest), AfterActive, WaitAsync);

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        await foreach (var known in manifests.Updates.WithCancellation(cancellationToken))
        {
            if (known.Silos.ContainsKey(silo.SiloAddress))
            {
                return;
            }
        }
    }
}
