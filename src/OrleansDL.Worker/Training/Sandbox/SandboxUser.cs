using System.Globalization;
using System.Security.Cryptography;

namespace OrleansDL.Training.Sandbox;

/// <summary>Who user code is. A worker that is root gives each attempt a user of its own, whom the machine otherwise does not know.</summary>
internal static class SandboxUser
{
    /// <summary>Nobody.</summary>
    public const uint Nobody = 65534;

    private const uint First = 1_610_612_736;
    private const uint Users = 1 << 24;

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>The user of an attempt: the same for every look, another for any other attempt (but for one chance in millions).</summary>
    public static uint Of(Guid run, int attempt)
    {
        if (!IsRoot || !HasAllUsers())
        {
            return Nobody;
        }

        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{run:N}/{attempt}")), hash);
        return First + (BitConverter.ToUInt32(hash) % Users);
    }

    /// <summary>A container with users of its own may know the first 65,536 only.</summary>
    private static bool HasAllUsers() => File.ReadLines("/proc/self/uid_map")
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(parts => parts is [var from, _, var count]
            && ulong.Parse(from, CultureInfo.InvariantCulture) <= First
            && ulong.Parse(from, CultureInfo.InvariantCulture) + ulong.Parse(count, CultureInfo.InvariantCulture) >= First + Users);
}
