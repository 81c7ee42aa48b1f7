using System.Globalization;
using System.Text;

namespace OrleansDL.Datasets.Shards;

/// <summary>The JSON of MDS v2, byte for byte as Python's <c>json.dumps(..., sort_keys=True)</c> writes it.</summary>
internal static class MdsFormat
{
    /// <summary>Bytes after which a shard ends; a row that is larger is a shard of its own.</summary>
    public const long SizeLimit = 1 << 26;

    /// <summary>Name of a shard's file.</summary>
    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"shard.{number:d5}.mds");

    /// <summary>The configuration inside each shard.</summary>
    public static string Config(IReadOnlyList<MdsColumn> columns, IReadOnlyList<string> encodings, long sizeLimit) => $"{{{Shared(columns, encodings)}, {Rest(sizeLimit)}, \"version\": 2}}";

    /// <summary><c>index.json</c> beside the shards.</summary>
    public static string Index(IReadOnlyList<MdsColumn> columns, IEnumerable<MdsIndexEntry> shards, long sizeLimit = SizeLimit)
    {
        var text = new StringBuilder("{\"shards\": [");
        var separator = "";
        foreach (var shard in shards)
        {
            text.Append(separator).Append('{').Append(Shared(columns, shard.Encodings)).Append(", \"compression\": null, \"format\": \"mds\", \"hashes\": [\"sha256\"], ")
                .Append(CultureInfo.InvariantCulture, $"\"raw_data\": {{\"basename\": {Text(shard.Name)}, \"bytes\": {shard.Bytes}, \"hashes\": {{\"sha256\": \"{shard.Blob.Hex}\"}}}}, ")
                .Append(CultureInfo.InvariantCulture, $"\"samples\": {shard.Samples}, \"size_limit\": {sizeLimit}, \"version\": 2, \"zip_data\": null}}");
            separator = ", ";
        }

        return text.Append("], \"version\": 2}").ToString();
    }

    private static string Shared(IReadOnlyList<MdsColumn> columns, IReadOnlyList<string> encodings) =>
        $"\"column_encodings\": [{string.Join(", ", encodings.Select(Text))}], \"column_names\": [{string.Join(", ", columns.Select(column => Text(column.Name)))}], "
        + $"\"column_sizes\": [{string.Join(", ", columns.Select(column => column.Size?.ToString(CultureInfo.InvariantCulture) ?? "null"))}]";

    private static string Rest(long sizeLimit) => string.Create(
        CultureInfo.InvariantCulture, $"\"compression\": null, \"format\": \"mds\", \"hashes\": [\"sha256\"], \"size_limit\": {sizeLimit}");

    private static string Text(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var unit in value)
        {
            _ = unit switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' or > '~' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => text.Append(unit),
            };
        }

        return text.Append('"').ToString();
    }
}
