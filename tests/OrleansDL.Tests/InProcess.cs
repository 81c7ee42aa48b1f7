using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Tests;

/// <summary>Starts real nodes inside the test process: silo, tables, HTTP front, and a worker if asked for.</summary>
internal static class InProcess
{
    /// <summary>A node on SQLite in a folder, on ports of its own.</summary>
    public static NodeOptions Options(string folder, bool worker = false) => new()
    {
        DataDirectory = folder,
        HttpUrl = "http://127.0.0.1:0",
        SiloPort = FreePort(),
        GatewayPort = FreePort(),
        WorkerName = "w1",
        Slots = 1,
        Server = true,
        Worker = worker,
    };

    public static async Task<WebApplication> StartAsync(NodeOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Listen(options);
        builder.Logging.ClearProviders();
        builder.AddNode(options, options.Worker ? [] : [typeof(WorkerHost).Assembly]);
        builder.AddServer();
        if (options.Worker)
        {
            builder.AddWorker();
        }

        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapServer();
        await ServerHost.PrepareAsync(app.Services);
        await app.StartAsync();
        return app;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
