using System.Globalization;
using System.Text.Json;

namespace OrleansDL.Serving.Protocol;

/// <summary>A body that is no JSON, in the words of the reference server: what is wrong, and at which byte.</summary>
internal static class JsonFault
{
    /// <param name="error">What the reader says.</param>
    /// <param name="at">The byte, from 0.</param>
    public static InferenceProtocolException Of(JsonException error, long at)
    {
        var detail = error.Message.Split(" LineNumber:")[0].TrimEnd('.');

        // The other server's word for any text where a value should begin.
        var isNoValue = detail.Contains("invalid start of a value", StringComparison.Ordinal) || detail.Contains("invalid JSON literal", StringComparison.Ordinal);
        return InferenceProtocolException.Invalid(isNoValue
            ? string.Create(CultureInfo.InvariantCulture, $"failed to parse the request JSON buffer: Invalid value. at {at} ({detail}.)")
            : string.Create(CultureInfo.InvariantCulture, $"failed to parse the request JSON buffer: {detail}. at {at}"));
    }

    /// <param name="error">What the reader says, with line and column.</param>
    /// <param name="json">What it was given.</param>
    public static InferenceProtocolException Of(JsonException error, ReadOnlySpan<byte> json)
    {
        var at = error.BytePositionInLine ?? 0;
        for (var line = 0L; line < (error.LineNumber ?? 0) && json.IndexOf((byte)'\n') is >= 0 and var end; line++)
        {
            at += end + 1;
            json = json[(end + 1)..];
        }

        return Of(error, at);
    }

    /// <summary>A string that is not UTF-8, or that escapes half a surrogate pair.</summary>
    public static InferenceProtocolException NoText(InvalidOperationException error) =>
        InferenceProtocolException.Invalid($"failed to parse the request JSON buffer: {error.Message}");
}
