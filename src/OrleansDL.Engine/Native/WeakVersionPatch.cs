using System.Buffers.Binary;
using System.Text;

namespace OrleansDL.Native;

/// <summary>Marks version needs of an ELF library as weak, so that the loader does not insist on them.</summary>
/// <remarks>
/// libLibTorchSharp.so asks for GLIBCXX_3.4.32, which older distributions' libstdc++ lacks, only because of a marker symbol that
/// nothing refers to. A weak need (VER_FLG_WEAK) that is not met is passed over.
/// </remarks>
internal static class WeakVersionPatch
{
    private const uint VersionNeedSection = 0x6ffffffe;
    private const ushort WeakFlag = 2;

    /// <summary>Changes the image in place and returns how many needs were marked.</summary>
    public static int Apply(Span<byte> elf, string version)
    {
        if (elf.Length < 64 || !elf[..4].SequenceEqual("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1)
        {
            throw new BadImageFormatException("Not a 64-bit little-endian ELF library.");
        }

        var table = checked((int)U64(elf, 0x28));
        var entrySize = U16(elf, 0x3A);
        var count = U16(elf, 0x3C);
        var marked = 0;
        for (var section = 0; section < count; section++)
        {
            var header = elf.Slice(table + section * entrySize, entrySize);
            if (U32(header, 4) == VersionNeedSection)
            {
                var strings = elf.Slice(table + (int)U32(header, 40) * entrySize, entrySize);
                marked += Mark(elf, (int)U64(header, 24), (int)U32(header, 44), (int)U64(strings, 24), version);
            }
        }

        return marked;
    }

    private static int Mark(Span<byte> elf, int need, int needs, int strings, string version)
    {
        var marked = 0;
        for (; needs > 0; needs--)
        {
            var auxiliary = need + (int)U32(elf, need + 8);
            for (var left = U16(elf, need + 2); left > 0; left--)
            {
                var name = elf[(strings + (int)U32(elf, auxiliary + 8))..];
                if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) == version)
                {
                    var flags = elf.Slice(auxiliary + 4, 2);
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(U16(flags, 0) | WeakFlag));
                    marked++;
                }

                auxiliary += (int)U32(elf, auxiliary + 12);
            }

            need += (int)U32(elf, need + 12);
        }

        return marked;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
