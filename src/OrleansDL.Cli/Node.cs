using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Database;
using OrleansDL.Http;
using OrleansDL.Nodes;

namespace OrleansDL;

/// <summary>Runs this process as a node: server, worker or both.</summary>
public static class Node
{
    private const string RequestLog = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Runs until cancelled or told to stop by SIGTERM or Ctrl-C.</summary>
    /// <exception cref="ConflictException">Another process holds the data folder, or the database is newer than this program.</exception>
    public static async Task RunAsync(NodeOptions node, CancellationToken cancellationToken)
    {
        using var held = NodeLock.Take(node.DirectoryOrDefault);
        await using var app = Build(node);
        if (node.Server)
        {
            await ServerHost.PrepareAsync(app.Services);
        }
        else
        {
            await app.Services.GetRequiredService<Schema>().ApplyAsync(cancellationToken);
        }

        await app.StartAsync(cancellationToken);
        string[] urls = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
        await WriteNodeFileAsync(node, urls, cancellationToken);
        Console.WriteLine($"ready {urls[0]}");
        await app.WaitForShutdownAsync(cancellationToken);
    }

    /// <summary>Builds the host of a node without starting it.</summary>
    public static WebApplication Build(NodeOptions node)
    {
        // Settings hold from the start on: to see files change, the host would watch the whole folder it was started in, data below it too.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        if (node.Server)
        {
            builder.Listen(node);
        }
        else
        {
            builder.WebHost.UseUrls(node.HttpUrl);
        }

        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        // Its first look counts from the start of the machine and warns of a stall that never was.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        if (builder.Configuration[$"Logging:LogLevel:{RequestLog}"] is null)
        {
            // It has nothing to say of a request above Information, yet makes a scope and an activity of each one as long as it may speak at all.
            builder.Logging.AddFilter(RequestLog, LogLevel.None);
        }

        builder.AddNode(node, [.. AbsentRoles(node)]);
        if (node.Server)
        {
            builder.AddServer();
        }

        if (node.Worker)
        {
            builder.AddWorker();
        }

        var app = builder.Build();
        if (node.Server)
        {
            app.MapServer();
        }
        else
        {
            app.MapHealth();
        }

        return app;
    }

    private static IEnumerable<System.Reflection.Assembly> AbsentRoles(NodeOptions node)
    {
        if (!node.Server)
        {
            yield return typeof(ServerHost).Assembly;
        }

        if (!node.Worker)
        {
            yield return typeof(WorkerHost).Assembly;
        }
    }

    // Lets the command line find a node by its folder.
    private static async Task WriteNodeFileAsync(NodeOptions node, string[] urls, CancellationToken cancellationToken) =>
        await File.WriteAllTextAsync(
            Path.Combine(node.DirectoryOrDefault, "node.json"),
            JsonSerializer.Serialize(new { url = urls[0], grpcUrl = urls.ElementAtOrDefault(1), pid = Environment.ProcessId }, OdlJson.Options), cancellationToken);
}
