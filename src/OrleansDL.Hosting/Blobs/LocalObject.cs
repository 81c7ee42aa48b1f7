using Microsoft.Win32.SafeHandles;

namespace OrleansDL.Blobs;

/// <summary>An open file.</summary>
internal sealed class LocalObject(SafeFileHandle file) : IBlobObject
{
    public long Length { get; } = RandomAccess.GetLength(file);

    public static LocalObject? Open(string path)
    {
        try
        {
            return new LocalObject(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public ValueTask ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Most of it comes from the page cache: a thread's hop would cost more than the copy.
        cancellationToken.ThrowIfCancellationRequested();
        Read(position, buffer.Span);
        return ValueTask.CompletedTask;
    }

    public void Read(long position, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(file, buffer, position);
            if (read == 0)
            {
                throw new EndOfStreamException($"The file ends at byte {position}.");
            }

            position += read;
            buffer = buffer[read..];
        }
    }

    public bool Forget() => false;

    public void Dispose() => file.Dispose();
}
