using System.Runtime.InteropServices;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Shared memory as a client makes it.</summary>
internal sealed class ClientMemory : IDisposable
{
    private readonly string _path;

    public ClientMemory(int bytes)
    {
        _path = Path.Combine("/dev/shm", Key[1..]);
        Resize(bytes);
    }

    public string Key { get; } = $"/odl-test-{Guid.NewGuid():n}";

    public void Resize(int bytes)
    {
        using var file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, bytes);
    }

    public void Write<T>(int offset, params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.Write(file, MemoryMarshal.AsBytes(values), offset);
    }

    public T[] Read<T>(int offset, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(_path).AsSpan(offset))[..count].ToArray();

    public void Dispose() => File.Delete(_path);
}
