using System.Runtime.InteropServices;

namespace OrleansDL.Serving.Caching;

/// <summary>The SHA-256 of all that an answer depends on: nobody can make two requests that have the same.</summary>
internal readonly struct CacheKey(ReadOnlySpan<byte> hash) : IEquatable<CacheKey>
{
    private readonly ulong _first = MemoryMarshal.Read<ulong>(hash);
    private readonly ulong _second = MemoryMarshal.Read<ulong>(hash[8..]);
    private readonly ulong _third = MemoryMarshal.Read<ulong>(hash[16..]);
    private readonly ulong _fourth = MemoryMarshal.Read<ulong>(hash[24..]);

    public bool Equals(CacheKey other) => (_first, _second, _third, _fourth) == (other._first, other._second, other._third, other._fourth);

    public override bool Equals(object? obj) => obj is CacheKey other && Equals(other);

    public override int GetHashCode() => (int)_first;
}
