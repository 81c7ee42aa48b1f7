using System.Collections.Concurrent;

namespace OrleansDL.Blobs;

/// <summary>Remembers where packed blobs lie. Whoever reads one blob of a pack often reads its neighbours: then the whole index is loaded.</summary>
internal sealed class PackPlaces(BlobRows rows)
{
    // About 60 MB at most.
    private const int Most = 200_000;
    private readonly ConcurrentDictionary<BlobId, PackPlace> _places = new();
    private string? _lastPack;

    public async Task<PackPlace?> FindAsync(BlobId blob, CancellationToken cancellationToken)
    {
        if (_places.TryGetValue(blob, out var known))
        {
            return known;
        }

        if (await rows.FindPlaceAsync(blob, cancellationToken) is not { } found)
        {
            return null;
        }

        if (_places.Count > Most)
        {
            _places.Clear();
        }

        if (Interlocked.Exchange(ref _lastPack, found.Pack) == found.Pack)
        {
            foreach (var (neighbour, position, bytes) in await rows.EntriesAsync(found.Pack, cancellationToken))
            {
                _places[neighbour] = new PackPlace(found.Pack, position, bytes);
            }
        }
        else
        {
            _places[blob] = found;
        }

        return found;
    }

    /// <summary>What was remembered of a blob is no longer so: its pack was compacted.</summary>
    public void Forget(BlobId blob) => _places.TryRemove(blob, out _);
}
