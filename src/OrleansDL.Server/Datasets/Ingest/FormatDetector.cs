using System.Text.RegularExpressions;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Tells a file's format by its first bytes, and where those are plain text by its name.</summary>
internal static partial class FormatDetector
{
    /// <summary>So many bytes tell all there is to tell.</summary>
    public const int HeadBytes = 512;

    private const int TarMagic = 257;

    public static bool IsGzip(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);

    /// <param name="kind">What the dataset holds: a tar is a folder of images there, and a WebDataset among tables.</param>
    /// <param name="path">The file's name; <c>.gz</c> at its end is passed over.</param>
    /// <param name="head">The first bytes, unpacked.</param>
    public static string Of(DatasetKind kind, string path, ReadOnlySpan<byte> head)
    {
        if (kind == DatasetKind.Files)
        {
            return IngestFormats.File;
        }

        var tar = kind == DatasetKind.Image ? IngestFormats.Tar : IngestFormats.WebDataset;
        return ByMagic(head, tar) ?? ByName(WithoutGzip(path), tar) ?? (kind == DatasetKind.Image ? IngestFormats.Image : IsObject(head) ? IngestFormats.JsonLines : IsTabbed(head) ? IngestFormats.Tsv : IngestFormats.Csv);
    }

    /// <summary>The path of an unpacked file.</summary>
    public static string WithoutGzip(string path) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase) ? path[..^4] + ".tar" : path;

    private static string? ByMagic(ReadOnlySpan<byte> head, string tar)
    {
        if (head.StartsWith("PAR1"u8))
        {
            return IngestFormats.Parquet;
        }

        if (head.StartsWith("ARROW1"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFF, 0xFF, 0xFF]))
        {
            return IngestFormats.Arrow;
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']))
        {
            return IngestFormats.Npy;
        }

        if (head.StartsWith("PK\u0003\u0004"u8))
        {
            return IngestFormats.Zip;
        }

        return head.Length > TarMagic + 5 && head[TarMagic..].StartsWith("ustar"u8)
            ? tar
            : head is [0, 0, 0x08 or 0x09 or 0x0B or 0x0C or 0x0D or 0x0E, > 0, ..] ? IngestFormats.Idx : null;
    }

    private static string? ByName(string path, string tar) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => IngestFormats.Csv,
        ".tsv" or ".tab" => IngestFormats.Tsv,
        ".jsonl" or ".ndjson" => IngestFormats.JsonLines,
        ".parquet" or ".pq" => IngestFormats.Parquet,
        ".arrow" or ".arrows" or ".feather" or ".ipc" => IngestFormats.Arrow,
        ".npy" => IngestFormats.Npy,
        ".tar" => tar,
        ".zip" => IngestFormats.Zip,
        _ => IdxName().IsMatch(path) ? IngestFormats.Idx : null,
    };

    private static bool IsObject(ReadOnlySpan<byte> head) => head.TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0D, 0x0A]) is [(byte)'{', ..];

    private static bool IsTabbed(ReadOnlySpan<byte> head)
    {
        var line = head.IndexOf((byte)'\n') is >= 0 and var end ? head[..end] : head;
        return line.Contains((byte)'\t') && !line.Contains((byte)',');
    }

    [GeneratedRegex(@"[-.]idx\d+(-ubyte)?$", RegexOptions.NonBacktracking)]
    private static partial Regex IdxName();
}
