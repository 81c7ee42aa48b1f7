using System.Globalization;

namespace OrleansDL.Serving.Protocol;

/// <summary>The header that says where a request's JSON ends and its binary data begins.</summary>
internal static class HeaderLength
{
    public const string Name = "Inference-Header-Content-Length";

    /// <param name="header">The header's value; null or empty: the whole body is JSON.</param>
    /// <param name="bodyLength">Bytes of the body, after decompression.</param>
    public static int Parse(string? header, int bodyLength)
    {
        if (string.IsNullOrEmpty(header))
        {
            return bodyLength;
        }

        if (!int.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length))
        {
            throw InferenceProtocolException.Invalid($"Unable to parse {Name}, got: {header}");
        }

        return length >= 0 && length <= bodyLength
            ? length
            : throw InferenceProtocolException.Invalid($"inference header size should be in range (0, {bodyLength}), got: {length}");
    }
}
