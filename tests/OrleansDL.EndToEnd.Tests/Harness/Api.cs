using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Tests.Harness;

/// <summary>The HTTP interface as any program in any language sees it: paths and JSON, none of our own types.</summary>
internal sealed class Api(HttpClient http, Func<string> context) : IDisposable
{
    public HttpClient Http => http;

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<JsonElement> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body ?? new { }));

    public Task<JsonElement> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, JsonContent.Create(body));

    public Task<JsonElement> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<JsonElement> UploadAsync(string path, string text, string type = "text/csv") =>
        SendAsync(HttpMethod.Post, path, new StringContent(text, Encoding.UTF8, type));

    /// <summary>Sends and insists on success.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? body)
    {
        var (status, answer) = await TryAsync(method, path, body);
        return (int)status < 300
            ? answer
            : throw new InvalidOperationException($"{method} {path} was answered {(int)status}: {answer}\n{context()}");
    }

    /// <summary>Sends and answers what came back, whatever it is.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> TryAsync(HttpMethod method, string path, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using var response = await http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) is true;
        return (response.StatusCode, isJson && bytes.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(bytes) : default);
    }

    public void Dispose() => http.Dispose();
}
