using Microsoft.Win32.SafeHandles;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>
/// A part of a client's shared memory, registered under a name. It is read and written as a file: the client may shorten the file at any time, and touching a
/// mapping of what is not there any more would end the process.
/// </summary>
internal sealed class SharedRegion(string name, string key, long offset, long bytes, SafeFileHandle file) : IDisposable
{
    public string Name => name;

    public string Key => key;

    /// <summary>Where it begins in the file.</summary>
    public long Offset => offset;

    public long Bytes => bytes;

    /// <summary>Requests that use it, and whether it goes with the last of them. Its table's lock guards both.</summary>
    public int Users { get; set; }

    public bool IsLeaving { get; set; }

    /// <exception cref="InferenceProtocolException">The part does not lie in the region.</exception>
    public void Check(RegionPart part)
    {
        if (part.Offset >= (ulong)bytes)
        {
            throw InferenceProtocolException.Invalid($"Invalid offset for shared memory region: '{name}'");
        }

        if (part.Bytes > ulong.MaxValue - part.Offset)
        {
            throw InferenceProtocolException.Invalid(
                $"Integer overflow detected: byte_size ({part.Bytes}) + offset ({part.Offset}) exceeds maximum value ({ulong.MaxValue}) for region '{name}'");
        }

        if (part.Offset + part.Bytes > (ulong)bytes)
        {
            throw InferenceProtocolException.Invalid($"Invalid offset + byte size for shared memory region: '{name}'");
        }
    }

    /// <summary>Copies bytes out of the region, from <paramref name="start"/> on.</summary>
    /// <exception cref="InferenceProtocolException">The file has become shorter.</exception>
    public void Read(long start, Span<byte> target)
    {
        for (var read = 0; read < target.Length;)
        {
            var count = RandomAccess.Read(file, target[read..], offset + start + read);
            if (count == 0)
            {
                throw Shortened();
            }

            read += count;
        }
    }

    /// <summary>Copies bytes into the region, from <paramref name="start"/> on.</summary>
    /// <exception cref="InferenceProtocolException">The file has become shorter, or there is no memory left.</exception>
    public void Write(long start, ReadOnlySpan<byte> source)
    {
        // A file shortened between this and the next line grows again: not as it should be, and no harm to anyone but its owner.
        if (RandomAccess.GetLength(file) < offset + start + source.Length)
        {
            throw Shortened();
        }

        try
        {
            RandomAccess.Write(file, source, offset + start);
        }
        catch (IOException error)
        {
            throw InferenceProtocolException.Internal($"Unable to write to shared memory region '{name}': {error.Message}");
        }
    }

    public void Dispose() => file.Dispose();

    private InferenceProtocolException Shortened() => InferenceProtocolException.Invalid(
        $"Invalid shared memory region: '{name}' has {bytes} bytes from {offset} on, but its file '{key}' is shorter now. Unregister it, and register it again as it is.");
}
