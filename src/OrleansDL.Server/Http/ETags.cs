using Microsoft.AspNetCore.Http;

namespace OrleansDL.Http;

/// <summary>ETag and If-Match as quoted strings.</summary>
internal static class ETags
{
    public static void SetETag(this HttpResponse response, string etag) => response.Headers.ETag = $"\"{etag}\"";

    public static string? IfMatch(this HttpRequest request) =>
        request.Headers.IfMatch.ToString() is { Length: > 0 } value && value != "*" ? value.Trim('"') : null;
}
