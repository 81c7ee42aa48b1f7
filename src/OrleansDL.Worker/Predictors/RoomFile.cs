using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace OrleansDL.Predictors;

/// <summary>A room as the worker sees it: a file in memory that it writes and reads, and never maps. A process that means harm may shorten the
/// file at any time, and a mapping would take the worker down with it.</summary>
internal sealed class RoomFile : ITensorRoom, IDisposable
{
    private const UnixFileMode ForBoth =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly SafeFileHandle _file;
    private readonly string _path;

    /// <param name="folder">Where the process looks for it.</param>
    /// <param name="number">Its name there.</param>
    /// <param name="size">Bytes it holds.</param>
    /// <exception cref="IOException">There is not so much memory for files.</exception>
    public RoomFile(string folder, long number, long size)
    {
        (Name, Size) = (number.ToString(CultureInfo.InvariantCulture), size);
        _path = Path.Combine(folder, Name);
        _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, preallocationSize: size);
        RandomAccess.SetLength(_file, size);

        // By the open file: whoever owns the folder may have put something else under its name meanwhile.
        File.SetUnixFileMode(_file, ForBoth);
    }

    public string Name { get; }

    public long Size { get; }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_file, bytes, offset);

    public ReadOnlyMemory<byte> Read(long offset, long bytes)
    {
        if (offset < 0 || bytes < 0 || bytes > Size - offset)
        {
            throw new InvalidDataException($"A message names {bytes} bytes from {offset} on in a room of {Size}.");
        }

        var copy = GC.AllocateUninitializedArray<byte>((int)bytes);
        for (var taken = 0; taken < copy.Length;)
        {
            var read = RandomAccess.Read(_file, copy.AsSpan(taken), offset + taken);
            taken += read > 0 ? read : throw new InvalidDataException("A room for tensors was shortened.");
        }

        return copy;
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }
}
