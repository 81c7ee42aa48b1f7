using System.Buffers;
using System.IO.MemoryMappedFiles;
using OrleansDL.Predictors;

namespace OrleansDL.Runner.Predictors;

/// <summary>A room that the worker made, mapped into this process: tensors in it are used where they lie.</summary>
internal sealed unsafe class MappedRoom : MemoryManager<byte>, ITensorRoom
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _address;

    public MappedRoom(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
        Size = new FileInfo(path).Length;
    }

    public long Size { get; }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(GetSpan()[(int)offset..]);

    public ReadOnlyMemory<byte> Read(long offset, long bytes) => offset >= 0 && bytes >= 0 && bytes <= Size - offset
        ? Memory.Slice((int)offset, (int)bytes)
        : throw new InvalidDataException($"A message names {bytes} bytes from {offset} on in a room of {Size}.");

    public override Span<byte> GetSpan() => new(_address, (int)Size);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
