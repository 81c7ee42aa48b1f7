using System.CommandLine;
using System.Globalization;

namespace OrleansDL.Nodes;

/// <summary><c>odl up</c>, <c>odl server</c>, <c>odl worker</c></summary>
internal static class NodeCommands
{
    private static readonly NodeOptions Defaults = new();

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "PostgreSQL connection string, the same for all nodes of a cluster. Default: ODL_DATABASE, or SQLite in --data.",
    };

    public static readonly Option<string?> Blobs = new("--blobs")
    {
        Description = "The blob store, the same for all nodes of a cluster: a folder, or s3://BUCKET/PREFIX. Default: ODL_BLOBS, or blobs in --data.",
    };

    private static readonly Option<string> Http = new("--http") { Description = "Address of the HTTP front.", DefaultValueFactory = _ => Defaults.HttpUrl };
    private static readonly Option<string?> Grpc = new("--grpc") { Description = "Address of gRPC. Default: the HTTP front's, one port further." };
    private static readonly Option<string> Address = new("--address")
    {
        Description = "IP address silo and gateway bind to and are known by. Their traffic is plaintext.",
        DefaultValueFactory = _ => Defaults.Address,
    };

    private static readonly Option<int> SiloPort = Port("--silo-port", "Port of the silo.", Defaults.SiloPort);
    private static readonly Option<int> GatewayPort = Port("--gateway-port", "Port of the gateway for Orleans clients.", Defaults.GatewayPort);
    private static readonly Option<string?> Name = new("--name") { Description = "Name of the worker, unique in the cluster. Default: worker-PORT." };
    private static readonly Option<string> Device = new("--device") { Description = "cpu, or cuda:N.", DefaultValueFactory = _ => Defaults.Device };
    private static readonly Option<int?> Slots = new("--slots") { Description = "Training slots. Default: one less than the cores, at least 1." };
    private static readonly Option<string> Pool = new("--pool") { Description = "Pool the worker belongs to.", DefaultValueFactory = _ => Defaults.Pool };
    private static readonly Option<string> Cluster = new("--cluster") { Description = "Nodes of one cluster give the same.", DefaultValueFactory = _ => Defaults.ClusterId };
    private static readonly Option<bool> StopWithInput = new("--stop-with-input")
    {
        Description = "Stop when standard input ends, that is with the process that started this one.",
        Hidden = true,
    };

    private static readonly Option<long?> ModelMemory = new("--model-memory") { Description = "MiB that models may take; those on demand make room for each other. Default: six tenths of the memory." };

    private static readonly Option<bool> UnsafeUserCode = new("--unsafe-user-code")
    {
        Description = "Run user code without a sandbox where there is none: with all rights of this process.",
    };

    public static Command Up() => Host("up", "Start a node: server and worker in one process.", server: true, worker: true, [Http, Grpc, GatewayPort, Name, Device, Slots, Pool, ModelMemory, UnsafeUserCode, .. RepositoryOptions.All]);

    public static Command Server() => Host("server", "Start a server: API and decisions, no device. Workers join it through the database.", server: true, worker: false, [Http, Grpc, GatewayPort, .. RepositoryOptions.All]);

    public static Command Worker() => Host("worker", "Start a worker: one device that trains and serves.", server: false, worker: true, Http, Name, Device, Slots, Pool, ModelMemory, UnsafeUserCode);

    public static NodeOptions Read(ParseResult parsed, bool server, bool worker, Func<string, string?> environment) => Defaults with
    {
        DataDirectory = parsed.GetValue(GlobalOptions.Data) ?? environment("ODL_DATA"),
        Database = parsed.GetValue(Database) ?? environment("ODL_DATABASE"),
        Blobs = parsed.GetValue(Blobs) ?? environment("ODL_BLOBS"),
        HttpUrl = parsed.GetValue(Http) ?? Defaults.HttpUrl,
        GrpcUrl = server ? parsed.GetValue(Grpc) : null,
        Address = parsed.GetValue(Address) ?? Defaults.Address,
        SiloPort = parsed.GetValue(SiloPort),
        GatewayPort = server ? parsed.GetValue(GatewayPort) : Defaults.GatewayPort,
        WorkerName = parsed.GetValue(Name),
        Device = parsed.GetValue(Device) ?? Defaults.Device,
        Slots = parsed.GetValue(Slots),
        Pool = parsed.GetValue(Pool) ?? Defaults.Pool,
        ClusterId = parsed.GetValue(Cluster) ?? Defaults.ClusterId,
        UnsafeUserCode = worker && parsed.GetValue(UnsafeUserCode),
        Settings = SettingsOf(parsed, server, worker),
        Server = server,
        Worker = worker,
    };

    private static Dictionary<string, string?> SettingsOf(ParseResult parsed, bool server, bool worker)
    {
        var settings = new Dictionary<string, string?>(server ? RepositoryOptions.Read(parsed) : Defaults.Settings);
        if (worker && parsed.GetValue(ModelMemory) is { } memory)
        {
            settings["Serving:ModelMemoryMiB"] = memory.ToString(CultureInfo.InvariantCulture);
        }

        return settings;
    }

    private static Command Host(string name, string description, bool server, bool worker, params Option[] own)
    {
        var command = new Command(name, description) { Database, Blobs, Address, SiloPort, Cluster, StopWithInput };
        foreach (var option in own)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var node = Read(parsed, server, worker, Environment.GetEnvironmentVariable);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (parsed.GetValue(StopWithInput))
            {
                _ = StopAtEndOfInputAsync(stop);
            }

            await Node.RunAsync(node, stop.Token);
            return 0;
        });
        return command;
    }

    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stop)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
            // Nothing is said on it: only its end counts.
        }

        await stop.CancelAsync();
    }

    private static Option<int> Port(string name, string description, int port)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => port };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535))
            {
                result.AddError($"{name} is a port: a number from 1 to 65535.");
            }
        });
        return option;
    }
}
