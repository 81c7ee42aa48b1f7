using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Workflows;

/// <summary>Ids that follow from other ids, so that doing a thing again names the same thing again.</summary>
internal static class DerivedId
{
    /// <summary>The UUID (version 8) that belongs to a purpose within a parent.</summary>
    public static Guid From(Guid parent, string purpose)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{parent}/{purpose}"), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
