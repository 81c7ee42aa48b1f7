using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Primitives;

namespace OrleansDL.Serving.Protocol;

/// <summary>Compression of an infer answer, as the caller's <c>Accept-Encoding</c> weighs it.</summary>
internal static class AnswerCompression
{
    /// <summary><c>gzip</c>, <c>deflate</c>, or null for none: the highest weight wins, the first one on ties.</summary>
    public static string? Choose(StringValues acceptEncoding)
    {
        if (acceptEncoding.Count == 0)
        {
            return null;
        }

        string? best = null;
        var bestWeight = 0.0;
        foreach (var part in acceptEncoding.ToString().Split(',', StringSplitOptions.TrimEntries))
        {
            var pieces = part.Split(';', 2, StringSplitOptions.TrimEntries);
            var weight = 1.0;
            if (pieces.Length == 2 && (!pieces[1].StartsWith("q=", StringComparison.OrdinalIgnoreCase)
                || !double.TryParse(pieces[1].AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight)))
            {
                continue;
            }

            var name = pieces[0].ToLowerInvariant();
            if (weight > bestWeight && (name is "gzip" or "deflate" or "identity"))
            {
                best = name;
                bestWeight = weight;
            }
        }

        return best is "identity" ? null : best;
    }

    public static PooledBytes Compress(ReadOnlySpan<byte> body, string encoding)
    {
        using var target = new MemoryStream();
        using (Stream stream = encoding is "gzip"
            ? new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(body);
        }

        var compressed = new PooledBytes();
        compressed.Write(target.GetBuffer().AsSpan(0, (int)target.Length));
        return compressed;
    }
}
