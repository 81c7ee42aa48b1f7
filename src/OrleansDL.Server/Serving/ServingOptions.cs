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
}
