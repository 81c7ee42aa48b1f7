using System.Buffers.Binary;
using System.Text.Json;

namespace OrleansDL.Training;

/// <summary>The safetensors format: u64 header length, a JSON header padded to 8 bytes, then the tensors' bytes. Nothing in it is ever executed.</summary>
internal static class SafeTensors
{
    private const int GreatestHeader = 100_000_000;

    public static byte[] Write(IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var header = Header(tensors, metadata);
        var padded = (header.Length + 7) / 8 * 8;
        var file = new byte[checked(8 + padded + tensors.Sum(tensor => tensor.Data.Length))];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)padded);
        header.CopyTo(file.AsSpan(8));
        file.AsSpan(8 + header.Length, padded - header.Length).Fill((byte)' ');
        var at = 8 + padded;
        foreach (var tensor in tensors)
        {
            tensor.Data.CopyTo(file, at);
            at += tensor.Data.Length;
        }

        return file;
    }

    /// <exception cref="InvalidException">The file is damaged; <paramref name="name"/> names it.</exception>
    public static (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) Read(ReadOnlySpan<byte> file, string name)
    {
        try
        {
            var length = file.Length < 8 ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(file);
            if (length > GreatestHeader || length > (ulong)file.Length - 8)
            {
                throw new InvalidException($"{name} is no safetensors file: its header does not fit.");
            }

            using var header = JsonDocument.Parse(file.Slice(8, (int)length).ToArray());
            var bytes = file[(8 + (int)length)..];
            var tensors = new Dictionary<string, SafeTensor>(StringComparer.Ordinal);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__")
                {
                    metadata = entry.Value.Deserialize<Dictionary<string, string>>()!;
                    continue;
                }

                var offsets = entry.Value.GetProperty("data_offsets");
                var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
                tensors[entry.Name] = new SafeTensor(
                    entry.Name,
                    entry.Value.GetProperty("dtype").GetString()!,
                    entry.Value.GetProperty("shape").Deserialize<long[]>()!,
                    bytes[start..end].ToArray());
            }

            return (tensors, metadata);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or ArgumentOutOfRangeException or FormatException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new InvalidException($"{name} is damaged: {error.Message}");
        }
    }

    private static byte[] Header(IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WritePropertyName("__metadata__");
                JsonSerializer.Serialize(json, metadata);
            }

            long at = 0;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += tensor.Data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
