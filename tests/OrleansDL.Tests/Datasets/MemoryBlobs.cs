using System.Collections.Concurrent;
using System.Security.Cryptography;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Tests.Datasets;

/// <summary>Blobs for the manifest's unit tests, which count what is read and written.</summary>
internal sealed class MemoryBlobs
{
    private readonly ConcurrentDictionary<BlobId, byte[]> _blobs = new();

    public int Reads { get; private set; }

    public int Writes { get; private set; }

    public ManifestStore Manifests => new(
        (id, _) =>
        {
            Reads++;
            return Task.FromResult<ReadOnlyMemory<byte>>(_blobs[id]);
        },
        (bytes, _) =>
        {
            Writes++;
            var id = BlobId.FromHash(SHA256.HashData(bytes.Span));
            _blobs[id] = bytes.ToArray();
            return Task.FromResult(id);
        });

    public byte[] this[BlobId id] => _blobs[id];

    public void Damage(BlobId id) => _blobs[id] = [.. _blobs[id].Append((byte)' ')];

    public void Forget() => (Reads, Writes) = (0, 0);
}
