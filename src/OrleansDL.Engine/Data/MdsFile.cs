using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using OrleansDL.Datasets;

namespace OrleansDL.Data;

/// <summary>An MDS v2 shard, mapped into memory: a sample is read where the page cache holds it, and none before it is asked for.</summary>
internal sealed unsafe class MdsFile : IDisposable
{
    private const int CacheLine = 64;
    private const int ExpectedBytes = 1024;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;
    private readonly long _length;
    private readonly string _name;

    /// <exception cref="InvalidException">The file is damaged, or of other columns.</exception>
    public MdsFile(string path, IReadOnlyList<MdsColumn> columns)
    {
        _name = Path.GetFileName(path);
        _length = new FileInfo(path) is { Exists: true } info ? info.Length : throw Wrong("it is not there");
        Require(_length >= 12, "it is too short");
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        _bytes += _view.PointerOffset;
        try
        {
            Samples = (int)Math.Min(int.MaxValue, Number(0));
            Require(4 * ((long)Samples + 2) <= _length, "its offsets do not fit");
            var config = 4 * (Samples + 2);
            Require(Number(config - 4) == _length && Number(4) >= config && Number(4) <= _length, "its offsets do not fit its length");
            CheckColumns(new ReadOnlySpan<byte>(_bytes + config, (int)Number(4) - config), columns);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Samples { get; }

    /// <summary>A sample's bytes, which stay where they are until the file is closed.</summary>
    public ReadOnlySpan<byte> Sample(int sample)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sample, (uint)Samples);
        var (start, end) = (Number(4 * (sample + 1L)), Number(4 * (sample + 2L)));
        return start <= end && end <= _length ? new ReadOnlySpan<byte>(_bytes + start, (int)(end - start)) : throw Wrong($"sample {sample} does not lie in it");
    }

    /// <summary>Lets the processor fetch the beginning of a sample that is read soon: in a shuffled order it cannot guess which.</summary>
    public void Expect(int sample)
    {
        if (!Sse.IsSupported || (uint)sample >= (uint)Samples)
        {
            return;
        }

        var (start, end) = (Number(4 * (sample + 1L)), Number(4 * (sample + 2L)));
        end = (uint)Math.Min(Math.Min(end, _length), (long)start + ExpectedBytes);
        for (long at = start; at < end; at += CacheLine)
        {
            Sse.Prefetch0(_bytes + at);
        }
    }

    public InvalidException Wrong(string reason) => new($"Shard {_name} cannot be read: {reason}. Start the run again; it fetches or builds the shard anew.");

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private uint Number(long at) => BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(_bytes + at, 4));

    private void CheckColumns(ReadOnlySpan<byte> config, IReadOnlyList<MdsColumn> columns)
    {
        try
        {
            var reader = new Utf8JsonReader(config);
            using var document = JsonDocument.ParseValue(ref reader);
            var names = document.RootElement.GetProperty("column_names").EnumerateArray().Select(name => name.GetString());
            var sizes = document.RootElement.GetProperty("column_sizes").EnumerateArray().Select(size => size.ValueKind is JsonValueKind.Null ? (int?)null : size.GetInt32());
            Require(
                names.SequenceEqual(columns.Select(column => column.Name)) && sizes.SequenceEqual(columns.Select(column => column.Size)),
                "its columns are not those of the dataset version");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Wrong($"its configuration is damaged ({error.Message})");
        }
    }

    private void Require(bool condition, string reason)
    {
        if (!condition)
        {
            throw Wrong(reason);
        }
    }
}
