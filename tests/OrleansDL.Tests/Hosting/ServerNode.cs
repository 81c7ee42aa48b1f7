using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Database;

namespace OrleansDL.Tests.Hosting;

/// <summary>A server without a worker, on SQLite in a temporary folder. It can be started again on the same folder.</summary>
public sealed class ServerNode : IAsyncLifetime
{
    private WebApplication? _app;

    public string Folder { get; } = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public IServiceProvider Services => _app!.Services;

    public IGrainFactory Grains => Get<IGrainFactory>();

    public Uri Url => new(Get<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());

    public string AdminToken => File.ReadAllText(Path.Combine(Folder, "admin.token")).Trim();

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    public async Task InitializeAsync() => _app = await InProcess.StartAsync(InProcess.Options(Folder));

    public async Task StopAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async Task DisposeAsync()
    {
        if (_app is not null)
        {
            await StopAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A database of its own in a file that does not exist yet.</summary>
    public static Db NewDatabase(string folder) => new(Microsoft.Extensions.Options.Options.Create(
        new DatabaseOptions { SqliteFile = Path.Combine(folder, $"{Guid.NewGuid():N}.db") }));
}
