using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving;

/// <summary>Settings of the model server's front, section <c>Serving</c>.</summary>
internal sealed class ServingOptions
{
    public const string Section = "Serving";

    /// <summary>Name told by <c>GET /v2</c>. Test suites written for another server may expect that one's name.</summary>
    [Required]
    public string ServerName { get; set; } = "orleansdl";

    /// <summary>Largest body of an inference request, after decompression.</summary>
    [Range(1024, int.MaxValue)]
    public int MaximumRequestBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Largest message over gRPC.</summary>
    [Range(1024, int.MaxValue)]
    public int MaximumRpcBytes { get; set; } = int.MaxValue;

    /// <summary>Largest body of a request to load a model, which may carry the model.</summary>
    [Range(1024, int.MaxValue)]
    public int MaximumModelBytes { get; set; } = 1024 * 1024 * 1024;

    /// <summary>Status for an unknown model: 400 as the protocol's reference server answers, or 404 as others do.</summary>
    [AllowedValues(400, 404)]
    public int UnknownModelStatus { get; set; } = 400;

    /// <summary>Regular expression: headers of REST requests whose names it matches (case does not count) go to the model as parameters. Null: none.</summary>
    public string? HttpHeaderForwardPattern { get; set; }

    /// <summary>The same for the metadata of gRPC requests.</summary>
    public string? GrpcHeaderForwardPattern { get; set; }

    /// <summary>
    /// Parts of the REST API that are for those alone who send a header, each <c>API,API:HEADER=VALUE</c>. APIs: health, metadata, inference, shared-memory, model-config,
    /// model-repository, statistics, trace, logging. For suites and proxies that know this; tokens protect better.
    /// </summary>
    public IList<string> HttpRestrictedApis { get; } = [];

    /// <summary>The same for gRPC, where the metadata entry is <c>triton-grpc-protocol-HEADER</c>.</summary>
    public IList<string> GrpcRestrictedProtocols { get; } = [];
}
