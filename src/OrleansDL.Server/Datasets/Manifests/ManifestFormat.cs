using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Datasets.Manifests;

/// <summary>The canonical bytes of manifests (docs/decisions/0002-dataset-canonical-form.md). Golden files hold them for ever.</summary>
internal static class ManifestFormat
{
    public const string RootFormat = "odl-manifest/1";
    public const int MinimumNode = 256;
    public const int MaximumNode = 4096;

    // A node goes on for 768 entries on average after its minimum of 256: 1024 in all.
    private const ulong CutModulus = 768;

    /// <summary>Whether a node of so many entries ends after this path. It depends on the node's own keys only, so equal runs of entries become equal nodes wherever they stand.</summary>
    public static bool EndsNode(long count, ReadOnlySpan<byte> path) =>
        count >= MaximumNode || (count >= MinimumNode && KeyHash(path) % CutModulus == 0);

    /// <inheritdoc cref="EndsNode(long, ReadOnlySpan{byte})"/>
    public static bool EndsNode(long count, string path) => EndsNode(count, Encoding.UTF8.GetBytes(path));

    public static void WriteEntry(CanonicalJsonWriter writer, DatasetEntry entry)
    {
        writer.StartObject()
            .Key("blob").Value(entry.Blob.ToString())
            .Key("bytes").Value(entry.Bytes)
            .Key("format").Value(entry.Format)
            .Optional("header", entry.Header);
        if (entry.Image is { } image)
        {
            writer.Key("image").StartObject()
                .Optional("blue", image.Blue)
                .Optional("green", image.Green)
                .Key("height").Value(image.Height)
                .Optional("red", image.Red)
                .Key("width").Value(image.Width)
                .EndObject();
        }

        writer.Optional("label", entry.Label)
            .Optional("labels", entry.Labels)
            .Key("path").Value(entry.Path)
            .Key("rows").Value(entry.Rows)
            .Optional("split", entry.Split)
            .EndObject()
            .EndLine();
    }

    public static IEnumerable<DatasetEntry> ReadEntries(ReadOnlyMemory<byte> node) => Lines(node).Select(Read<DatasetEntry>);

    public static ManifestLine[] ReadLines(ReadOnlyMemory<byte> node) => [.. Lines(node).Select(line => new ManifestLine(line))];

    public static ReadOnlyMemory<byte> WriteRoot(ManifestRoot root)
    {
        var writer = new CanonicalJsonWriter();
        writer.StartObject()
            .Key("bytes").Value(root.Bytes)
            .Key("count").Value(root.Count)
            .Key("format").Value(RootFormat)
            .Key("nodes").Value(root.Nodes.Count)
            .Key("rows").Value(root.Rows)
            .EndObject()
            .EndLine();
        foreach (var node in root.Nodes)
        {
            writer.StartObject()
                .Key("bytes").Value(node.Bytes)
                .Key("count").Value(node.Count)
                .Key("digest").Value(node.Digest.ToString())
                .Key("first").Value(node.First)
                .Key("last").Value(node.Last)
                .Key("rows").Value(node.Rows)
                .EndObject()
                .EndLine();
        }

        return writer.Written;
    }

    public static ManifestRoot ReadRoot(ReadOnlyMemory<byte> bytes)
    {
        using var lines = Lines(bytes).GetEnumerator();
        if (!lines.MoveNext())
        {
            throw new InvalidDataException("A manifest root is empty.");
        }

        using (var head = JsonDocument.Parse(lines.Current))
        {
            if (head.RootElement.GetProperty("format").GetString() is var format && format != RootFormat)
            {
                throw new InvalidDataException($"A manifest root has format '{format}'; this version of OrleansDL reads '{RootFormat}'.");
            }
        }

        var nodes = new List<ManifestNode>();
        while (lines.MoveNext())
        {
            nodes.Add(Read<ManifestNode>(lines.Current));
        }

        return new ManifestRoot { Nodes = nodes };
    }

    private static T Read<T>(ReadOnlyMemory<byte> line) =>
        JsonSerializer.Deserialize<T>(line.Span, OdlJson.Options) ?? throw new InvalidDataException("A manifest line is null.");

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            if (end < 0)
            {
                throw new InvalidDataException("A manifest's last line has no end.");
            }

            yield return bytes[..end];
            bytes = bytes[(end + 1)..];
        }
    }

    private static ulong KeyHash(ReadOnlySpan<byte> path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(path, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
