using System.Buffers.Binary;
using System.Text.Json;

namespace OrleansDL.Training;

/// <summary>The safetensors format: u64 header length, a JSON header padded to 8 bytes, then the tensors' bytes. Nothing in it is ever executed.</summary>
internal static class SafeTensors
{
    private const int GreatestHeader = 100_000_000;

    public static byte[] Write(IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var file = new MemoryStream();
        Write(file, tensors, metadata);
        return file.ToArray();
    }

    public static void Write(Stream file, IReadOnlyList<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var header = Header(tensors, metadata);
        var head = new byte[8 + ((header.Length + 7) / 8 * 8)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)head.Length - 8);
        head.AsSpan(8).Fill((byte)' ');
        header.CopyTo(head.AsSpan(8));
        file.Write(head);
        foreach (var tensor in tensors)
        {
            file.Write(tensor.Data);
        }
    }

    /// <exception cref="InvalidException">The file is damaged.</exception>
    public static (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) Read(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        return Read(length, (offset, bytes) => RandomAccess.Read(file, bytes, offset), Path.GetFileName(path));
    }

    /// <exception cref="InvalidException">The file is damaged; <paramref name="name"/> names it.</exception>
    public static (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) Read(byte[] file, string name) => Read(
        file.Length, (offset, bytes) => file.AsSpan((int)offset, bytes.Length).CopyTo(bytes), name);

    private static (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) Read(long size, Action<long, byte[]> read, string name)
    {
        try
        {
            var prefix = new byte[8];
            if (size >= prefix.Length)
            {
                read(0, prefix);
            }

            var length = size < prefix.Length ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (length > GreatestHeader || length > (ulong)size - 8)
            {
                throw new InvalidException($"{name} is no safetensors file: its header does not fit.");
            }

            var json = new byte[length];
            read(prefix.Length, json);
            using var header = JsonDocument.Parse(json);
            var first = prefix.Length + (long)length;
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
                var (start, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
                if (start < 0 || end < start || end > size - first || end - start > Array.MaxLength)
                {
                    throw new InvalidException($"{name} is damaged: '{entry.Name}' does not lie in it.");
                }

                var data = new byte[end - start];
                read(first + start, data);
                tensors[entry.Name] = new SafeTensor(
                    entry.Name,
                    entry.Value.GetProperty("dtype").GetString()!,
                    entry.Value.GetProperty("shape").Deserialize<long[]>()!,
                    data);
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
