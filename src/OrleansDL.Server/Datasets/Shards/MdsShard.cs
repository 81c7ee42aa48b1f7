using System.Security.Cryptography;

namespace OrleansDL.Datasets.Shards;

/// <summary>One whole shard, in the two pieces it was made of.</summary>
internal sealed record MdsShard
{
    public required int Samples { get; init; }

    /// <summary>How each column's values are written, in the order of the columns.</summary>
    public required IReadOnlyList<string> Encodings { get; init; }
    public required ReadOnlyMemory<byte> Head { get; init; }
    public required ReadOnlyMemory<byte> Body { get; init; }

    public long Bytes => (long)Head.Length + Body.Length;

    public BlobId Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Head.Span);
        hash.AppendData(Body.Span);
        return BlobId.FromHash(hash.GetHashAndReset());
    }

    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        await target.WriteAsync(Head, cancellationToken);
        await target.WriteAsync(Body, cancellationToken);
    }
}
