using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansDL.Training;

/// <summary>
/// A safetensors file from outside, read tensor by tensor. Nothing it says of itself is believed: every length, shape and place is held against the
/// file before a byte of memory is taken for it.
/// </summary>
internal sealed class SafeTensorFile : IDisposable
{
    private const long GreatestHeader = 100_000_000;
    private const int GreatestTensor = 2_000_000_000;
    private const int GreatestRank = 8;

    private readonly FileStream _file;
    private readonly string _name;
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <exception cref="InvalidException">It is no safetensors file, or it is damaged; <paramref name="name"/> names it.</exception>
    public SafeTensorFile(string path, string name)
    {
        _name = name;
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            _file.Dispose();
            throw Damaged(error.Message);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public IReadOnlyCollection<string> Names => _places.Keys;

    public long[] ShapeOf(string tensor) => _places[tensor].Shape;

    /// <summary>Values of a tensor of type F64, F32, F16 or BF16.</summary>
    /// <exception cref="InvalidException">The tensor is of another type, or too long.</exception>
    public float[] ReadFloats(string tensor)
    {
        var place = _places[tensor];
        if (place.Bytes > GreatestTensor)
        {
            throw new InvalidException($"{_name}: tensor '{tensor}' has {place.Bytes} bytes. The most is {GreatestTensor}.");
        }

        var bytes = new byte[place.Bytes];
        _file.Position = place.Start;
        _file.ReadExactly(bytes);
        return place.Type switch
        {
            "F32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            "F64" => Array.ConvertAll(MemoryMarshal.Cast<byte, double>(bytes).ToArray(), value => (float)value),
            "F16" => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), value => (float)value),
            "BF16" => Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), value => BitConverter.Int32BitsToSingle(value << 16)),
            _ => throw new InvalidException($"{_name}: tensor '{tensor}' is of type {place.Type}. Weights are F32, F64, F16 or BF16."),
        };
    }

    public void Dispose() => _file.Dispose();

    private void Read()
    {
        Span<byte> prefix = stackalloc byte[8];
        if (_file.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
        {
            throw Damaged("it is shorter than 8 bytes");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > GreatestHeader || (long)length > _file.Length - prefix.Length)
        {
            throw new InvalidException($"{_name} is no safetensors file: its header would have {length} bytes, and the file has {_file.Length}.");
        }

        var header = new byte[length];
        _file.ReadExactly(header);
        using var json = JsonDocument.Parse(header);
        var data = prefix.Length + (long)length;
        foreach (var entry in json.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
        {
            if (!_places.TryAdd(entry.Name, PlaceOf(entry, data)))
            {
                throw Damaged($"it has two tensors '{entry.Name}'");
            }
        }
    }

    private Place PlaceOf(JsonProperty entry, long data)
    {
        var type = entry.Value.GetProperty("dtype").GetString() ?? "";
        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        if (offsets is not [>= 0 and var start, var end] || end < start || end > _file.Length - data)
        {
            throw Damaged($"tensor '{entry.Name}' lies outside of it");
        }

        if (shape.Length > GreatestRank || shape.Any(size => size < 0))
        {
            throw Damaged($"tensor '{entry.Name}' has no shape that could be");
        }

        // In floating point, so that sizes made up to overflow do not.
        var bytes = shape.Aggregate((double)SizeOf(type, entry.Name), (product, size) => product * size);
        return bytes == end - start
            ? new Place(type, shape, data + start, end - start)
            : throw Damaged($"tensor '{entry.Name}' has {end - start} bytes, and its shape [{string.Join(", ", shape)}] of {type} another number");
    }

    private int SizeOf(string type, string tensor) => type switch
    {
        "F64" or "I64" or "U64" or "C64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
        _ => throw Damaged($"tensor '{tensor}' is of type '{type}', which there is not"),
    };

    private InvalidException Damaged(string reason) => new($"{_name} is damaged: {reason}.");

    private sealed record Place(string Type, long[] Shape, long Start, long Bytes);
}
