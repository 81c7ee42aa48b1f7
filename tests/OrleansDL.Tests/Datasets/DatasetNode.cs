using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Tests.Datasets;

/// <summary>A whole node in this process, on SQLite and a folder of its own, asked over HTTP as users ask it.</summary>
public class DatasetNode : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-datasets-").FullName;
    private WebApplication? _app;

    public const string Root = "/v1/projects/default/datasets";

    public HttpClient Http { get; } = new();

    internal T Service<T>() where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>The client library, asking this node.</summary>
    public OdlClient Client(string project = "default") => new(Http.BaseAddress!, Http.DefaultRequestHeaders.Authorization!.Parameter, project);

    public string BlobFolder => Path.Combine(_folder, "blobs");

    public async Task InitializeAsync()
    {
        Prepare(_folder);
        _app = await InProcess.StartAsync(InProcess.Options(_folder), Configure);
        Http.BaseAddress = new Uri(_app.Urls.First());
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await File.ReadAllTextAsync(Path.Combine(_folder, "admin.token"))).Trim());
    }

    /// <summary>Puts what the node finds into its folder.</summary>
    protected virtual void Prepare(string folder)
    {
    }

    /// <summary>Changes services before the node starts.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public async Task<JsonElement> CreateAsync(string name, string kind) =>
        await SendAsync(HttpMethod.Post, Root, HttpStatusCode.Created, Json(new { name, kind }));

    public Task<JsonElement> CommitAsync(string dataset, string query, string text, HttpStatusCode expected = HttpStatusCode.Created) =>
        CommitAsync(dataset, query, Encoding.UTF8.GetBytes(text), expected);

    public Task<JsonElement> CommitAsync(string dataset, string query, byte[] bytes, HttpStatusCode expected = HttpStatusCode.Created) =>
        SendAsync(HttpMethod.Post, $"{Root}/{dataset}/commits?{query}", expected, new ByteArrayContent(bytes));

    public Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Get, path, expected);

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpStatusCode expected, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{method} {path} answered {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public static HttpContent Json(object body) => new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    /// <summary>Files in the blob folder that are blobs, and those that are still coming in.</summary>
    public (int Blobs, int Incoming) Files()
    {
        var all = Directory.EnumerateFiles(BlobFolder, "*", SearchOption.AllDirectories).ToList();
        var incoming = all.Count(file => Path.GetFileName(Path.GetDirectoryName(file)) == "incoming");
        return (all.Count - incoming, incoming);
    }
}
