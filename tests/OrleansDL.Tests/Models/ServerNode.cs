using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Access;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Models;

/// <summary>A real server on SQLite in a folder of its own: silo, tables and HTTP front.</summary>
public sealed class ServerNode : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-models-").FullName;
    private WebApplication? _app;

    public IServiceProvider Services => _app!.Services;
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();
    public string Project { get; } = "default";
    public int GatewayPort { get; private set; }

    public async Task InitializeAsync()
    {
        var options = InProcess.Options(_folder);
        GatewayPort = options.GatewayPort;
        _app = await InProcess.StartAsync(options);
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
}
