using Microsoft.Win32.SafeHandles;

namespace OrleansDL.Blobs;

/// <summary>A file that many bytes are appended to and that is read much later: whole blocks go to the disk past the page cache, where the
/// disk can do that. To copy them into the cache and write them back costs several times the processor's time.</summary>
internal sealed class AppendedFile : IDisposable
{
    private const int Invalid = 22;
    private readonly SafeFileHandle _file;
    private readonly AlignedBuffer _buffer = AlignedBuffer.Rent();
    private SafeFileHandle? _direct;

    // What is not written yet lies in the buffer as it will lie in the file's blocks.
    private int _from;
    private int _to;

    /// <summary>Opens a file.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="create">Makes it; otherwise it must be there.</param>
    /// <param name="position">Where to append: the file's length.</param>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public AppendedFile(string path, bool create, long position = 0)
    {
        try
        {
            _file = File.OpenHandle(path, create ? FileMode.CreateNew : FileMode.Open, FileAccess.Write, FileShare.Read);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        _direct = CLibrary.OpenDirect(path);
        Written = position;
        _from = _to = (int)(position % AlignedBuffer.Block);
    }

    /// <summary>So many bytes of it the file holds.</summary>
    public long Written { get; private set; }

    /// <summary>So many bytes it will hold once it is flushed.</summary>
    public long Length => Written + _to - _from;

    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            // What is as the disk wants it is not copied.
            if (_to == 0 && bytes.Length >= AlignedBuffer.Block && AlignedBuffer.IsAligned(bytes))
            {
                var whole = bytes.Length - (bytes.Length % AlignedBuffer.Block);
                Write(bytes[..whole]);
                bytes = bytes[whole..];
                continue;
            }

            // What was left of the block before is filled up, and the rest is.
            var rest = AlignedBuffer.Block - _to;
            var part = rest > 0 && bytes.Length >= rest + AlignedBuffer.Block && AlignedBuffer.IsAligned(bytes[rest..])
                ? bytes[..rest]
                : bytes[..Math.Min(bytes.Length, AlignedBuffer.Size - _to)];
            part.CopyTo(_buffer.Span[_to..]);
            _to += part.Length;
            bytes = bytes[part.Length..];
            if (_to == AlignedBuffer.Size || part.Length == rest)
            {
                Flush();
            }
        }
    }

    /// <summary>Writes all that was appended; it is not yet safe from a loss of power.</summary>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public void Flush()
    {
        if (_from % AlignedBuffer.Block != 0 && _to > _from)
        {
            // Up to where a block begins.
            Write(_buffer.Span[_from..Math.Min(_to, AlignedBuffer.Block)]);
            _from = Math.Min(_to, AlignedBuffer.Block);
        }

        // A file that never filled the buffer is small: let it be read again from memory.
        var whole = Written == 0 && _to < AlignedBuffer.Size ? _from : _to - (_to % AlignedBuffer.Block);
        if (whole > _from)
        {
            Write(_buffer.Span[_from..whole]);
            _from = whole;
        }

        if (_to > _from)
        {
            Write(_buffer.Span[_from.._to]);
        }

        _from = _to = (int)(Written % AlignedBuffer.Block);
    }

    /// <summary>Makes durable what is written. May be called while another thread appends.</summary>
    public void Sync() => RandomAccess.FlushToDisk(_file);

    /// <summary>Throws away what was not flushed.</summary>
    public void Dispose()
    {
        _direct?.Dispose();
        _file.Dispose();
        _buffer.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (!TryWriteDirect(bytes))
            {
                RandomAccess.Write(_file, bytes, Written);
            }
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            throw Disk.Full();
        }

        Written += bytes.Length;
    }

    private bool TryWriteDirect(ReadOnlySpan<byte> bytes)
    {
        if (_direct is null || Written % AlignedBuffer.Block != 0 || bytes.Length % AlignedBuffer.Block != 0 || !AlignedBuffer.IsAligned(bytes))
        {
            return false;
        }

        try
        {
            RandomAccess.Write(_direct, bytes, Written);
            return true;
        }
        catch (IOException e) when ((e.HResult & 0xffff) == Invalid)
        {
            // A file system may open a file this way and then not write it, or want larger blocks.
            _direct.Dispose();
            _direct = null;
            return false;
        }
    }
}
