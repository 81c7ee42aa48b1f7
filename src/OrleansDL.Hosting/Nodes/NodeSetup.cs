using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansDL.Access;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Events;
using OrleansDL.Placement;
using OrleansDL.Projects;
using OrleansDL.Timing;

namespace OrleansDL.Nodes;

/// <summary>What every node stands on, whatever its role: database, membership, grain storage, wake-ups, blobs, events, access, placement.</summary>
public static class NodeSetup
{
    /// <summary>Adds a silo to the host.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="node">What the node is.</param>
    /// <param name="absentRoles">Assemblies whose grain classes this node does not host: a role is a list of grain classes.</param>
    public static void AddNode(this IHostApplicationBuilder builder, NodeOptions node, params Assembly[] absentRoles)
    {
        builder.Configuration.AddInMemoryCollection(node.Settings);
        var services = builder.Services;
        services.AddSingleton(node);
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<DatabaseOptions>(options =>
        {
            options.ConnectionString = node.Database;
            options.SqliteFile = Path.Combine(node.DirectoryOrDefault, "orleansdl.db");
        });
        services.AddOptionsWithValidateOnStart<BlobOptions>().BindConfiguration("Blobs").Configure(options =>
        {
            options.Location = node.BlobLocation;
            options.CacheDirectory = Path.Combine(node.DirectoryOrDefault, "blob-cache");
        }).ValidateDataAnnotations();
        services.AddSingleton<Db>();
        services.AddSingleton<Schema>();
        services.AddSingleton<WakeUpPump>();
        services.AddSingleton<WakeUps>();
        services.AddSingleton<NodeNotices>();
        services.AddSingleton<NodeLeave>();
        services.AddSingleton<NameTable>();
        services.AddSingleton<BlobStore>();
        services.AddSingleton<EventSignal>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<ClusterSecret>();
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(9));

        builder.UseOrleans(silo => Configure(silo, node, absentRoles));

        if (node.Server)
        {
            // After the silo, so that the pump delivers only while grains can be called.
            services.AddHostedService(provider => provider.GetRequiredService<WakeUpPump>());
            services.AddHostedService<BlobSweeper>();
        }
    }

    // A name is what a container knows of itself; Orleans wants an address.
    private static IPAddress Resolve(string address)
    {
        if (IPAddress.TryParse(address, out var known))
        {
            return known;
        }

        try
        {
            return Dns.GetHostAddresses(address, AddressFamily.InterNetwork)[0];
        }
        catch (SocketException e)
        {
            throw new InvalidException($"The address '{address}' is neither an IP address nor a host name that can be resolved: {e.Message}");
        }
    }

    private static void Configure(ISiloBuilder silo, NodeOptions node, Assembly[] absentRoles)
    {
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = node.ClusterId;
            options.ServiceId = "orleansdl";
        });
        silo.Configure<SiloOptions>(options => options.SiloName = node.Worker && !node.Server ? node.WorkerNameOrDefault : $"server-{node.SiloPort}");

        // A worker opens no gateway: clients meet the cluster at its servers.
        var address = Resolve(node.Address);
        silo.ConfigureEndpoints(address, node.SiloPort, node.Server ? node.GatewayPort : 0, listenOnAnyHostAddress: false);
        silo.UseAdoNetClustering(options => options.Configure<Db>((clustering, database) =>
        {
            clustering.Invariant = database.OrleansInvariant;
            clustering.DataSource = database.Source;
        }));
        silo.AddAdoNetGrainStorageAsDefault(options => options.Configure<Db>((storage, database) =>
        {
            storage.Invariant = database.OrleansInvariant;
            storage.DataSource = database.Source;
            storage.GrainStorageSerializer = new JsonGrainStorageSerializer();
        }));

        // A killed silo is noticed within seconds; fixed ports let a restarted one take its place at once.
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        if (node.Server)
        {
            silo.Services.AddSingleton<BrokenConnections>();
            silo.Services.AddOptions<SiloConnectionOptions>().Configure<BrokenConnections>((options, broken) =>
            {
                options.ConfigureSiloOutboundConnection(broken.Watch);
                options.ConfigureSiloInboundConnection(broken.Watch);
            });
        }

        // Room for the addresses of a hundred thousand grains. It is taken at the start and walked through each second: that of the default, a million, is 18 MB.
        silo.Configure<GrainDirectoryOptions>(options => options.CacheSize = 100_000);

        // The event stream stands on servers, and so does the grain that keeps its subscriptions.
        silo.Configure<GrainTypeOptions>(options => options.Classes.RemoveWhere(type =>
            absentRoles.Contains(type.Assembly) || (!node.Server && type.Assembly == typeof(Orleans.Streams.StreamPubSubType).Assembly)));

        var metadata = new Dictionary<string, string>();
        if (node.Worker)
        {
            metadata[WorkerMetadata.Name] = node.WorkerNameOrDefault;
            metadata[WorkerMetadata.Device] = node.Device;
        }

        silo.UseSiloMetadata(metadata);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, OwnManifest>();
        silo.AddPlacementDirector<NamedSiloPlacement, NamedSiloDirector>();
        silo.AddIncomingGrainCallFilter<AccessFilter>();
        silo.AddOutgoingGrainCallFilter<InsideMark>();
        if (node.Server)
        {
            silo.AddEventStream();
        }

        silo.AddDashboard(options => options.HideTrace = true);
    }
}
