using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Exports;

/// <summary>A Croissant 1.1 record of a version: every file with its SHA-256, and the fields of its rows.</summary>
internal sealed class CroissantExport(DatasetBlobs datasets, BlobStore blobs)
{
    private const string Context = """
        {"@language":"en","@vocab":"http://schema.org/","sc":"http://schema.org/","cr":"http://mlcommons.org/croissant/","rai":"http://mlcommons.org/croissant/RAI/","dct":"http://purl.org/dc/terms/","annotation":"cr:annotation","arrayShape":"cr:arrayShape","citeAs":"cr:citeAs","column":"cr:column","conformsTo":"dct:conformsTo","containedIn":"cr:containedIn","data":{"@id":"cr:data","@type":"@json"},"dataType":{"@id":"cr:dataType","@type":"@vocab"},"equivalentProperty":"cr:equivalentProperty","examples":{"@id":"cr:examples","@type":"@json"},"excludes":"cr:excludes","extract":"cr:extract","field":"cr:field","fileProperty":"cr:fileProperty","fileObject":"cr:fileObject","fileSet":"cr:fileSet","format":"cr:format","includes":"cr:includes","isArray":"cr:isArray","isLiveDataset":"cr:isLiveDataset","jsonPath":"cr:jsonPath","key":"cr:key","md5":"cr:md5","parentField":"cr:parentField","recordSet":"cr:recordSet","references":"cr:references","regex":"cr:regex","readLines":"cr:readLines","sdVersion":"cr:sdVersion","separator":"cr:separator","source":"cr:source","subField":"cr:subField","transform":"cr:transform","unArchive":"cr:unArchive","value":"cr:value"}
        """;

    // What is written before it is sent on.
    private const int BufferBytes = 1 << 16;

    public async Task WriteAsync(DatasetVersion version, HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        var here = $"{request.Scheme}://{request.Host}{request.Path.Value![..request.Path.Value!.LastIndexOf('/')]}";
        var commit = CommitFormat.ReadCommit(await blobs.ReadAsync(version.Commit, cancellationToken));
        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        context.Response.ContentType = "application/ld+json";
        await using var json = new Utf8JsonWriter(context.Response.Body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WritePropertyName("@context");
        json.WriteRawValue(Context);
        json.WriteString("@type", "sc:Dataset");
        json.WriteString("conformsTo", "http://mlcommons.org/croissant/1.1");
        json.WriteString("name", version.DatasetName);
        json.WriteString("description", $"Version {version.Version} of dataset {version.DatasetName}, {version.Commit}: {version.Rows.ToString(CultureInfo.InvariantCulture)} rows in {version.Files.ToString(CultureInfo.InvariantCulture)} files. {version.Message}".TrimEnd());
        json.WriteString("license", request.Query["license"].ToString() is { Length: > 0 } license ? license : "https://spdx.org/licenses/NOASSERTION");
        json.WriteString("url", here);
        Object(json, "creator", ("@type", "Person"), ("name", commit.Author));
        json.WriteString("datePublished", version.CommittedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteString("version", string.Create(CultureInfo.InvariantCulture, $"{version.Version}.0.0"));
        json.WriteBoolean("isLiveDataset", false);
        json.WriteStartArray("distribution");
        DatasetEntry? only = null;
        await foreach (var entry in datasets.Manifests.EntriesAsync(root, cancellationToken: cancellationToken))
        {
            only ??= entry;
            WriteFile(json, entry, here);
            if (json.BytesPending > BufferBytes)
            {
                await json.FlushAsync(cancellationToken);
            }
        }

        var single = version.Files == 1 && only is not null;
        if (!single)
        {
            json.WriteStartObject();
            json.WriteString("@type", "cr:FileSet");
            json.WriteString("@id", "files");
            json.WriteString("name", "files");
            json.WriteString("encodingFormat", only is null ? "application/octet-stream" : MediaType(only));
            json.WriteString("includes", "**");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteRecords(json, version, single ? only! : null);
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }

    private static void WriteFile(Utf8JsonWriter json, DatasetEntry entry, string here)
    {
        json.WriteStartObject();
        json.WriteString("@type", "cr:FileObject");
        json.WriteString("@id", entry.Path);
        json.WriteString("name", entry.Path);
        json.WriteString("contentSize", string.Create(CultureInfo.InvariantCulture, $"{entry.Bytes} B"));
        json.WriteString("contentUrl", $"{here}/download?path={Uri.EscapeDataString(entry.Path)}");
        json.WriteString("encodingFormat", MediaType(entry));
        json.WriteString("sha256", entry.Blob.Hex);
        json.WriteEndObject();
    }

    private static void WriteRecords(Utf8JsonWriter json, DatasetVersion version, DatasetEntry? only)
    {
        json.WriteStartArray("recordSet");
        json.WriteStartObject();
        json.WriteString("@type", "cr:RecordSet");
        json.WriteString("@id", "default");
        json.WriteString("name", "default");
        json.WriteStartArray("field");
        foreach (var column in Projection.All(version))
        {
            json.WriteStartObject();
            json.WriteString("@type", "cr:Field");
            json.WriteString("@id", $"default/{column.Name}");
            json.WriteString("name", column.Name);
            json.WriteString("dataType", DataType(column));
            if (column.Tensor is not null)
            {
                json.WriteBoolean("isArray", true);
                json.WriteString("arrayShape", string.Join(',', TensorType.Parse(column.Tensor).Shape));
            }

            if (column.Separator is not null)
            {
                json.WriteBoolean("isArray", true);
                json.WriteString("arrayShape", "-1");
            }

            json.WriteStartObject("source");
            Object(json, only is null ? "fileSet" : "fileObject", ("@id", only?.Path ?? "files"));
            WriteExtract(json, version.Kind, column);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteExtract(Utf8JsonWriter json, DatasetKind kind, Column column)
    {
        var property = (kind, column.Name, column.Type) switch
        {
            (DatasetKind.Files, "path", _) => "fullpath",
            (DatasetKind.Files, _, _) or (DatasetKind.Image, _, ColumnType.Image) => "content",
            (DatasetKind.Image, "label", ColumnType.String) => "fullpath",
            _ => null,
        };
        Object(json, "extract", property is null ? ("column", column.Name) : ("fileProperty", property));
        if (property == "fullpath" && column.Name == "label")
        {
            // The folder's name is the label.
            Object(json, "transform", ("regex", "([^/]+)/[^/]+$"));
        }
        else if (column.Separator is { } separator)
        {
            Object(json, "transform", ("separator", separator));
        }
    }

    private static void Object(Utf8JsonWriter json, string name, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        json.WriteStartObject(name);
        foreach (var (field, value) in fields)
        {
            json.WriteString(field, value);
        }

        json.WriteEndObject();
    }

    private static string DataType(Column column) => column.Type switch
    {
        ColumnType.Bool => "sc:Boolean",
        ColumnType.Int64 => "sc:Integer",
        ColumnType.Float64 => "sc:Float",
        ColumnType.String => "sc:Text",
        ColumnType.Image => "sc:ImageObject",

        // The content of a plain file: Croissant has no type for bytes.
        _ when column.Tensor is null => "sc:Text",
        _ => column.Tensor.StartsWith("float", StringComparison.Ordinal) ? "sc:Float" : "sc:Integer",
    };

    private static string MediaType(DatasetEntry entry) => entry.Format switch
    {
        IngestFormats.Csv => "text/csv",
        IngestFormats.Tsv => "text/tab-separated-values",
        IngestFormats.JsonLines => "application/jsonlines",
        IngestFormats.Parquet => "application/x-parquet",
        IngestFormats.Arrow => "application/vnd.apache.arrow.file",
        IngestFormats.WebDataset => "application/x-tar",
        IngestFormats.Image => Path.GetExtension(entry.Path).ToLowerInvariant() switch
        {
            ".jpg" or ".jpeg" => "image/jpeg",
            ".gif" => "image/gif",
            ".bmp" => "image/bmp",
            ".webp" => "image/webp",
            _ => "image/png",
        },
        _ => "application/octet-stream",
    };
}
