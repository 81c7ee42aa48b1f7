using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Tests.Cli;

/// <summary>A real HTTP server that answers what a test tells it to.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeServer(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    public static async Task<FakeServer> StartAsync(Action<WebApplication> routes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        routes(app);
        await app.StartAsync();
        return new FakeServer(app);
    }

    public OdlClient Client(int attempts = 5) =>
        new(Url, "odl_test", options: new OdlClientOptions { Attempts = attempts, FirstPause = TimeSpan.FromMilliseconds(1) });

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
