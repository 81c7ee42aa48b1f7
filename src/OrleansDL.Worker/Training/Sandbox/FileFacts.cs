using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansDL.Training.Sandbox;

/// <summary>What the kernel says of a name in a folder that untrusted code writes to: .NET would follow links and open pipes.</summary>
/// <param name="Mode">Kind and permissions.</param>
/// <param name="Inode">With <paramref name="Device"/>, which file it is.</param>
/// <param name="Device">Number of its file system.</param>
/// <param name="Bytes">Room it takes on disk; a sparse file takes less than its length.</param>
/// <param name="Length">Length in bytes.</param>
internal readonly partial record struct FileFacts(int Mode, ulong Inode, ulong Device, long Bytes, long Length)
{
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint BasicFacts = 0x7ff;
    private const int StatxBytes = 256;
    private const int BlockBytes = 512;
    private const int KindMask = 0xf000;
    private const int PlainFile = 0x8000;
    private const int Folder = 0x4000;

    public bool IsFile => (Mode & KindMask) == PlainFile;

    public bool IsFolder => (Mode & KindMask) == Folder;

    public bool IsReadableByAll => (Mode & 4) != 0;

    /// <summary>Null when there is nothing of that name, or it cannot be looked at.</summary>
    /// <param name="path">The name.</param>
    /// <param name="follow">Whether a link is followed. Only for names that untrusted code cannot make.</param>
    public static FileFacts? Of(string path, bool follow = false)
    {
        Span<byte> facts = stackalloc byte[StatxBytes];
        return Statx(CurrentFolder, path, follow ? 0 : DoNotFollow, BasicFacts, ref MemoryMarshal.GetReference(facts)) != 0
            ? null
            : new FileFacts(
                BinaryPrimitives.ReadUInt16LittleEndian(facts[28..]),
                BinaryPrimitives.ReadUInt64LittleEndian(facts[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(facts[136..]),
                BinaryPrimitives.ReadInt64LittleEndian(facts[48..]) * BlockBytes,
                BinaryPrimitives.ReadInt64LittleEndian(facts[40..]));
    }

    /// <summary>Gives a file or folder of ours to another user.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void Give(string path, uint user)
    {
        if (ChangeOwner(path, user, user) != 0)
        {
            throw new IOException($"'{path}' could not be given to user {user}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Where a symbolic link leads, as it is written; null when it is none.</summary>
    public static string? LinkOf(string path)
    {
        Span<byte> target = stackalloc byte[4096];
        var length = ReadLink(path, ref MemoryMarshal.GetReference(target), target.Length);
        return length < 0 ? null : Encoding.UTF8.GetString(target[..(int)length]);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string file, int flags, uint mask, ref byte facts);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "readlink", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ReadLink(string path, ref byte target, nint length);
}
