using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Dashboard;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets;
using OrleansDL.Datasets.BatchPredictions;
using OrleansDL.Datasets.Branches;
using OrleansDL.Datasets.Imports;
using OrleansDL.Datasets.Retention;
using OrleansDL.Datasets.Selection;
using OrleansDL.Datasets.Shards;
using OrleansDL.Datasets.Uploads;
using OrleansDL.Datasets.Validation;
using OrleansDL.Events;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Nodes;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Serving.OpenAi;
using OrleansDL.Serving.Rpc;
using OrleansDL.Training;
using OrleansDL.UserCode;
using OrleansDL.Workers;
using OrleansDL.Workflows;

namespace OrleansDL;

/// <summary>The server role: control grains and the HTTP front.</summary>
public static class ServerHost
{
    /// <summary>Adds the services of the server role to a host that already is a node.</summary>
    public static void AddServer(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddDatasets();
        services.AddTraining();
        services.AddModels();
        services.AddCode();
        services.AddServing();
        services.AddMonitoring();
        services.AddWorkflows();
        services.AddSingleton<Idempotency>();
        services.AddSingleton<FirstToken>();
        services.AddSingleton<DefaultProject>();
        services.AddExceptionHandler<Problems>();
        services.AddProblemDetails(options => options.CustomizeProblemDetails = Problems.Complete);
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options =>
        {
            OdlJson.Configure(options.SerializerOptions);

            // A misspelt field is an error, not a default.
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        });
        services.AddSingleton<IMemoryPoolFactory<byte>, LargeBlocks>();
        services.AddOpenApi("v1");

        // A connection keeps a buffer while it waits: a small request is received by one system call in place of two.
        services.Configure<SocketTransportOptions>(options => options.WaitForDataBeforeAllocatingBuffer = false);
        services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = 64L << 20;
        });
    }

    /// <summary>Says where the front listens: REST on one address, gRPC on another, since without TLS a connection cannot say which it speaks.</summary>
    public static void Listen(this IHostApplicationBuilder builder, NodeOptions node) =>
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:Http:Url"] = node.HttpUrl,
            ["Kestrel:Endpoints:Rpc:Url"] = node.GrpcUrlOrDefault,
            ["Kestrel:Endpoints:Rpc:Protocols"] = nameof(HttpProtocols.Http2),
        });

    /// <summary>Creates the schema, the default project and the first token; before the host starts.</summary>
    public static async Task PrepareAsync(IServiceProvider services)
    {
        await services.GetRequiredService<Schema>().ApplyAsync();
        await services.GetRequiredService<DefaultProject>().EnsureAsync();
        await services.GetRequiredService<FirstToken>().EnsureAsync();
    }

    /// <summary>Maps the whole HTTP front.</summary>
    public static void MapServer(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseRouting();

        // What checks its callers itself also words its refusals itself: it ends at routing.
        app.UseStatusCodePages();
        app.UseMiddleware<AccessGate>();
        app.MapHealth();
        app.MapOrleansDashboard("/dashboard").RequireRole(Role.Operator).ExcludeFromDescription();
        app.MapOpenApi("/{documentName}/openapi.json").RequireRole(Role.Viewer);
        var v1 = app.MapGroup("/v1");
        v1.MapProjects();
        v1.MapIdentity();
        v1.MapEvents();
        v1.MapWorkers();
        v1.MapDatasets();
        v1.MapDatasetRows();
        v1.MapSelections();
        v1.MapDatasetShards();
        v1.MapBranches();
        v1.MapRetention();
        v1.MapUploads();
        v1.MapImports();
        v1.MapBatchPredictions();
        v1.MapDatasetValidation();
        v1.MapTraining();
        v1.MapScheduling();
        v1.MapModels();
        v1.MapCode();
        v1.MapSecrets();
        v1.MapLineage();
        v1.MapDeployments();
        v1.MapMonitoring();
        v1.MapWorkflows();
        v1.MapBlobs();
        app.MapInferenceProtocol();
        app.MapOpenAi();
        app.MapInferenceRpc();
        app.MapMetrics();
    }
}
