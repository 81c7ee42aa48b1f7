using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansDL.Access;
using OrleansDL.Identity;
using OrleansDL.Nodes;

namespace OrleansDL.Tests.Models;

/// <summary>A real server on SQLite in a folder of its own: silo, tables and HTTP front.</summary>
public sealed class ServerNode : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-models-").FullName;
    private WebApplication? _app;

    public IServiceProvider Services => _app!.Services;
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();
    public string Project { get; } = "default";
    public int GatewayPort { get; } = FreePort();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();

        // No worker, and none of the grains that other tests stand in for real ones with.
        builder.AddNode(
            new NodeOptions { Server = true, DataDirectory = _folder, SiloPort = FreePort(), GatewayPort = GatewayPort },
            typeof(WorkerHost).Assembly, typeof(ServerNode).Assembly);
        builder.AddServer();
        _app = builder.Build();
        _app.MapServer();
        await ServerHost.PrepareAsync(Services);
        await _app.StartAsync();
    }

    /// <summary>A client whose token has a role; null: no token.</summary>
    public async Task<HttpClient> ClientAsync(Role? role)
    {
        var address = Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        var client = new HttpClient { BaseAddress = new Uri(address) };
        if (role is { } wanted)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(wanted));
        }

        return client;
    }

    /// <summary>The secret of a new token.</summary>
    public async Task<string> TokenAsync(Role role, string? project = null) =>
        (await Services.GetRequiredService<TokenStore>().CreateAsync(new TokenSpec { Title = $"test {role}", Role = role, Project = project })).Secret;

    public async Task DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
