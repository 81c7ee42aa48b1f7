namespace OrleansDL.Tests.Harness;

/// <summary>How a node is started. A node started again with the same options is the same node.</summary>
internal sealed record OdlOptions
{
    private readonly int[] _ports = Ports.Free(4);

    /// <summary><c>up</c>, <c>server</c> or <c>worker</c>.</summary>
    public string Command { get; init; } = "up";

    public required string Data { get; init; }

    /// <summary>Connection string; null: SQLite in the data folder.</summary>
    public string? Database { get; init; }

    public string? Blobs { get; init; }

    public string? WorkerName { get; init; }

    public int? Slots { get; init; }

    /// <summary>Whether its worker runs code of users without a sandbox.</summary>
    public bool UnsafeUserCode { get; init; }

    /// <summary>Further settings, by the names of their environment variables.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public Uri Url => new($"http://127.0.0.1:{_ports[0]}");

    public Uri RpcUrl => new($"http://127.0.0.1:{_ports[3]}");

    public int SiloPort => _ports[1];

    public int GatewayPort => _ports[2];

    public IEnumerable<string> Arguments =>
    [
        Command, "--data", Data,
        "--http", Url.GetLeftPart(UriPartial.Authority),
        "--silo-port", $"{SiloPort}",
        .. Option("--grpc", Command == "worker" ? null : RpcUrl.GetLeftPart(UriPartial.Authority)),
        .. Option("--gateway-port", Command == "worker" ? null : $"{GatewayPort}"),
        .. Option("--database", Database),
        .. Option("--blobs", Blobs),
        .. Option("--name", WorkerName),
        .. Option("--slots", Slots?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        .. UnsafeUserCode ? ["--unsafe-user-code"] : Array.Empty<string>(),
    ];

    private static string[] Option(string name, string? value) => value is null ? [] : [name, value];
}
