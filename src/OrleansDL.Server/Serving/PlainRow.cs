using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansDL.Serving;

/// <summary>A predict call whose whole body is one row: an image file, or a text. The labels wanted are in the query: <c>?top=3</c>.</summary>
internal static class PlainRow
{
    /// <summary>The call; null when the body is JSON.</summary>
    /// <exception cref="InvalidException">The text is not UTF-8, or top is no number.</exception>
    public static PredictRequest? Read(HttpRequest request, byte[] body)
    {
        var type = request.ContentType ?? "";
        if (type.StartsWith("image/", StringComparison.OrdinalIgnoreCase))
        {
            return new PredictRequest { Rows = JsonSerializer.SerializeToUtf8Bytes(new[] { new { image = body } }), Top = Top(request) };
        }

        return type.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
            ? new PredictRequest { Rows = JsonSerializer.SerializeToUtf8Bytes(new[] { Text(body) }), Top = Top(request) }
            : null;
    }

    private static int Top(HttpRequest request) => request.Query["top"].ToString() is not { Length: > 0 } text ? 1
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) ? top
        : throw new InvalidException($"'top' is an integer, 1 to {Predictions.MaximumTop}.");

    private static string Text(byte[] body)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidException("The text is not UTF-8.");
        }
    }
}
