using System.Buffers.Binary;

namespace OrleansDL.Serving;

/// <summary>Names one answered inference: a UUIDv7 whose last 32 bits are the replica generation that answered.</summary>
/// <remarks>So an id leads to deployment, model version and run with one lookup of the generation's row, and no write per
/// request. Of the other 74 bits, 32 (with the version's and variant's) are fixed by UUIDv7 and 42 are random per millisecond.</remarks>
public static class InferenceId
{
    private const long MaximumGeneration = uint.MaxValue;

    /// <exception cref="ArgumentOutOfRangeException">The generation does not fit into 32 bits.</exception>
    public static Guid New(long generation, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return Create(generation, time.GetUtcNow().ToUnixTimeMilliseconds(), Random.Shared.NextInt64());
    }

    /// <summary>The generation an id carries, or null when it is no inference id.</summary>
    public static long? GenerationOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var versionAndVariantFit = bytes[6] >> 4 == 7 && bytes[8] >> 6 == 0b10;
        var generation = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]);
        return versionAndVariantFit && generation != 0 ? generation : null;
    }

    /// <summary>When an id was made, to the millisecond.</summary>
    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
    }

    internal static Guid Create(long generation, long unixMilliseconds, long random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(generation);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(generation, MaximumGeneration);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, unixMilliseconds << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | (random & 0xFFF)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], 0x8000_0000 | ((uint)(random >> 12) & 0x3FFF_FFFF));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], (uint)generation);
        return new Guid(bytes, bigEndian: true);
    }
}
