namespace OrleansDL.Nodes;

/// <summary>What a node is and where it listens.</summary>
public sealed record NodeOptions
{
    /// <summary>Folder of the embedded default: SQLite file, blobs, admin token.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>PostgreSQL connection string; null for SQLite in the data folder.</summary>
    public string? Database { get; init; }

    /// <summary>The blob store: a folder, or <c>s3://BUCKET/PREFIX</c>; null for <c>blobs</c> in the data folder.</summary>
    public string? Blobs { get; init; }

    /// <summary>Address the HTTP front listens on.</summary>
    public string HttpUrl { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Address gRPC listens on, HTTP/2 alone; null: the HTTP front's, one port further.</summary>
    public string? GrpcUrl { get; init; }

    /// <summary>Address silo and gateway bind to and are known by. Their traffic is plaintext.</summary>
    public string Address { get; init; } = "127.0.0.1";
    public int SiloPort { get; init; } = 11111;
    public int GatewayPort { get; init; } = 30000;

    /// <summary>Name of the worker, unique in the cluster; null: <c>worker</c> and the silo port.</summary>
    public string? WorkerName { get; init; }

    /// <summary><c>cpu</c>, or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Training slots; null: one less than the cores, at least 1.</summary>
    public int? Slots { get; init; }
    public string Pool { get; init; } = "default";

    /// <summary>Whether user code runs without a sandbox where there is none: with all rights of the worker.</summary>
    public bool UnsafeUserCode { get; init; }
    public bool Server { get; init; }
    public bool Worker { get; init; }
    public string ClusterId { get; init; } = "orleansdl";

    /// <summary>How many slots the worker has.</summary>
    public int SlotsOrDefault => Slots ?? Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Settings given on the command line, by their configuration keys; they come before the environment's.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Name the worker goes by.</summary>
    public string WorkerNameOrDefault => WorkerName ?? $"worker-{SiloPort}";

    public string DirectoryOrDefault => Path.GetFullPath(DataDirectory ?? "odl-data");

    /// <summary>Where gRPC listens; any free port where the HTTP front takes any.</summary>
    public string GrpcUrlOrDefault
    {
        get
        {
            if (GrpcUrl is not null || !Uri.TryCreate(HttpUrl, UriKind.Absolute, out var http))
            {
                return GrpcUrl ?? HttpUrl;
            }

            return new UriBuilder(http) { Port = http.Port == 0 ? 0 : http.Port + 1 }.Uri.GetLeftPart(UriPartial.Authority);
        }
    }

    public string BlobLocation => Blobs?.StartsWith("s3://", StringComparison.Ordinal) == true
        ? Blobs
        : Path.GetFullPath(Blobs ?? Path.Combine(DirectoryOrDefault, "blobs"));
}
