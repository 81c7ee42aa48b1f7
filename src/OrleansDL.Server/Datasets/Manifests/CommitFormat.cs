using System.Globalization;
using System.Text.Json;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Manifests;

/// <summary>The canonical bytes of commits and of the documents they name (docs/decisions/0002-dataset-canonical-form.md).</summary>
internal static class CommitFormat
{
    public const string Commit = "odl-commit/1";
    public const string Origins = "odl-origins/1";
    public const string Schema = "odl-schema/1";
    public const string Statistics = "odl-statistics/1";

    public static ReadOnlyMemory<byte> WriteCommit(CommitDocument commit)
    {
        var writer = new CanonicalJsonWriter().StartObject()
            .Key("author").Value(commit.Author)
            .Key("dataset").Value(commit.Dataset.ToString())
            .Key("format").Value(Commit)
            .Key("manifest").Value(commit.Manifest.ToString())
            .Key("message").Value(commit.Message)
            .Key("origins").Value(commit.Origins.ToString())
            .Key("parents").StartArray();
        foreach (var parent in commit.Parents)
        {
            writer.Value(parent.ToString());
        }

        writer.EndArray().Key("schema").Value(commit.Schema.ToString()).Key("sources").StartArray();
        foreach (var source in commit.Sources)
        {
            writer.StartObject()
                .Key("bytes").Value(source.Bytes)
                .Optional("etag", source.Etag)
                .Key("fetchedAt").Value(Time(source.FetchedAt))
                .Key("sha256").Value(source.Sha256.ToString())
                .Key("uri").Value(source.Uri)
                .Optional("versionId", source.VersionId)
                .EndObject();
        }

        return writer.EndArray()
            .Key("statistics").Value(commit.Statistics.ToString())
            .Key("time").Value(Time(commit.Time))
            .EndObject().EndLine().Written;
    }

    public static CommitDocument ReadCommit(ReadOnlyMemory<byte> bytes) => Read<CommitDocument>(bytes, Commit);

    /// <summary>One line per source, then one line of [first row, rows, source] per range.</summary>
    public static ReadOnlyMemory<byte> WriteOrigins(IReadOnlyList<DatasetSource> ranges)
    {
        var sources = ranges.Select(Whole).Distinct().ToList();
        var index = sources.Select((source, i) => (source, i)).ToDictionary(pair => pair.source, pair => pair.i);
        var writer = new CanonicalJsonWriter().StartObject()
            .Key("format").Value(Origins)
            .Key("ranges").Value(ranges.Count)
            .Key("sources").Value(sources.Count)
            .EndObject().EndLine();
        foreach (var source in sources)
        {
            writer.StartObject()
                .Key("bytes").Value(source.Bytes)
                .Key("fetchedAt").Value(Time(source.FetchedAt))
                .Key("sha256").Value(source.Sha256.ToString())
                .Key("uri").Value(source.Uri)
                .EndObject().EndLine();
        }

        foreach (var range in ranges)
        {
            writer.StartArray().Value(range.FirstRow).Value(range.Rows).Value(index[Whole(range)]).EndArray().EndLine();
        }

        return writer.Written;

        static DatasetSource Whole(DatasetSource range) => range with { FirstRow = 0, Rows = 0 };
    }

    /// <summary>The ranges of an origins document, in row order.</summary>
    public static IReadOnlyList<DatasetSource> ReadOrigins(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        var (ranges, sources) = (0, 0);
        using (var head = JsonDocument.Parse(Line()))
        {
            if (head.RootElement.GetProperty("format").GetString() is var found && found != Origins)
            {
                throw new InvalidDataException($"A document has format '{found}' where this version of OrleansDL reads '{Origins}'.");
            }

            ranges = head.RootElement.GetProperty("ranges").GetInt32();
            sources = head.RootElement.GetProperty("sources").GetInt32();
        }

        var known = new DatasetSource[sources];
        for (var i = 0; i < sources; i++)
        {
            var source = JsonSerializer.Deserialize<CommitSource>(Line().Span, OdlJson.Options)!;
            known[i] = new DatasetSource { Uri = source.Uri, Sha256 = source.Sha256, Bytes = source.Bytes, FetchedAt = source.FetchedAt, FirstRow = 0, Rows = 0 };
        }

        var result = new DatasetSource[ranges];
        for (var i = 0; i < ranges; i++)
        {
            var numbers = JsonSerializer.Deserialize<long[]>(Line().Span)!;
            result[i] = known[numbers[2]] with { FirstRow = numbers[0], Rows = numbers[1] };
        }

        return result;

        ReadOnlyMemory<byte> Line()
        {
            var length = bytes.Span[at..].IndexOf((byte)'\n');
            var line = length < 0 ? throw new InvalidDataException("An origins document breaks off.") : bytes.Slice(at, length);
            at += length + 1;
            return line;
        }
    }

    public static ReadOnlyMemory<byte> WriteSchema(DatasetKind kind, IReadOnlyList<Column> columns)
    {
        var writer = new CanonicalJsonWriter().StartObject().Key("columns").StartArray();
        foreach (var column in columns)
        {
            writer.StartObject()
                .Key("name").Value(column.Name)
                .Optional("nullable", column.Nullable)
                .Optional("separator", column.Separator)
                .Optional("tensor", column.Tensor)
                .Key("type").Value(Name(column.Type))
                .EndObject();
        }

        return writer.EndArray().Key("format").Value(Schema).Key("kind").Value(Name(kind)).EndObject().EndLine().Written;
    }

    /// <param name="columns">Statistics of every column.</param>
    /// <param name="rows">Sketches of the rows by split; null when they are not known.</param>
    public static ReadOnlyMemory<byte> WriteStatistics(IReadOnlyList<ColumnStatistics> columns, IReadOnlyDictionary<string, RowSketch>? rows = null)
    {
        var writer = new CanonicalJsonWriter().StartObject().Key("columns").StartArray();
        foreach (var column in columns)
        {
            writer.StartObject();
            WriteChannels(writer, column.Channels);
            writer.Key("count").Value(column.Count)
                .Optional("m2", column.M2)
                .Optional("max", column.Max)
                .Optional("mean", column.Mean)
                .Optional("min", column.Min)
                .Key("name").Value(column.Name)
                .Optional("notFinite", column.NotFinite)
                .Key("nulls").Value(column.Nulls);
            WriteSketches(writer, column.Sketches);
            writer.Key("type").Value(Name(column.Type));
            if (column.Values is { } values)
            {
                WriteCounts(writer.Key("values"), values);
            }

            writer.EndObject();
        }

        writer.EndArray().Key("format").Value(Statistics);
        if (rows is { Count: > 0 })
        {
            writer.Key("rows").StartObject();
            foreach (var (split, sketch) in rows.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.Key(split).Value(Convert.ToBase64String(sketch.ToBytes()));
            }

            writer.EndObject();
        }

        return writer.EndObject().EndLine().Written;
    }

    public static IReadOnlyList<ColumnStatistics> ReadStatistics(ReadOnlyMemory<byte> bytes) =>
        Read<StatisticsDocument>(bytes, Statistics).Columns;

    /// <summary>The sketches of the rows by split; null in documents from before there were any.</summary>
    public static IReadOnlyDictionary<string, RowSketch>? ReadRowSketches(ReadOnlyMemory<byte> bytes) =>
        Read<StatisticsDocument>(bytes, Statistics).Rows?.ToDictionary(pair => pair.Key, pair => RowSketch.FromBytes(pair.Value), StringComparer.Ordinal);

    private static void WriteChannels(CanonicalJsonWriter writer, IReadOnlyList<ChannelStatistics>? channels)
    {
        if (channels is null)
        {
            return;
        }

        writer.Key("channels").StartArray();
        foreach (var channel in channels)
        {
            writer.StartObject()
                .Key("count").Value(channel.Count)
                .Key("m2").Value(channel.M2)
                .Key("max").Value(channel.Max)
                .Key("mean").Value(channel.Mean)
                .Key("min").Value(channel.Min)
                .EndObject();
        }

        writer.EndArray();
    }

    // Sketches are base64 of their own stored forms, which have version numbers.
    private static void WriteSketches(CanonicalJsonWriter writer, ColumnSketches? sketches)
    {
        if (sketches is null)
        {
            return;
        }

        writer.Key("sketches").StartObject()
            .Optional("characters", Text(sketches.Characters))
            .Optional("distinct", Text(sketches.Distinct))
            .Optional("heights", Text(sketches.Heights))
            .Optional("numbers", Text(sketches.Numbers));
        if (sketches.Top is { } top)
        {
            WriteCounts(writer.Key("top"), top);
        }

        writer.Optional("topError", sketches.TopError == 0 ? (long?)null : sketches.TopError)
            .Optional("widths", Text(sketches.Widths))
            .Optional("words", Text(sketches.Words))
            .EndObject();

        static string? Text(byte[]? bytes) => bytes is null ? null : Convert.ToBase64String(bytes);
    }

    private static void WriteCounts(CanonicalJsonWriter writer, IReadOnlyDictionary<string, long> counts)
    {
        writer.StartObject();
        foreach (var (value, count) in counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.Key(value).Value(count);
        }

        writer.EndObject();
    }

    /// <summary>Microseconds are what every database of ours keeps.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static T Read<T>(ReadOnlyMemory<byte> bytes, string format)
    {
        using var document = JsonDocument.Parse(bytes);
        if (document.RootElement.GetProperty("format").GetString() is var found && found != format)
        {
            throw new InvalidDataException($"A document has format '{found}' where this version of OrleansDL reads '{format}'.");
        }

        return document.RootElement.Deserialize<T>(OdlJson.Options) ?? throw new InvalidDataException($"A document of format '{format}' is null.");
    }

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private sealed record StatisticsDocument
    {
        public required IReadOnlyList<ColumnStatistics> Columns { get; init; }
        public IReadOnlyDictionary<string, byte[]>? Rows { get; init; }
    }
}
