using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansDL.Training;

/// <summary>Several names of one file: it lives until the last of them is removed, whoever removes the others.</summary>
internal static partial class HardLinks
{
    private const int CurrentFolder = -100;
    private const uint WithLinks = 4;
    private const int StatxBytes = 256;
    private const int LinksAt = 16;

    /// <summary>False when the file system cannot: above all when the two lie on different ones.</summary>
    public static bool TryCreate(string file, string link) => Link(file, link) == 0;

    /// <summary>How many names a file has; 0 when it is not there.</summary>
    public static int Count(string file)
    {
        Span<byte> facts = stackalloc byte[StatxBytes];
        return Statx(CurrentFolder, file, 0, WithLinks, ref MemoryMarshal.GetReference(facts)) == 0
            ? (int)BinaryPrimitives.ReadUInt32LittleEndian(facts[LinksAt..])
            : 0;
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string link);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string file, int flags, uint mask, ref byte facts);
}
