using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Blobs;

/// <summary>How an S3-compatible store is reached.</summary>
public sealed class S3Options
{
    /// <summary>Where it listens, for example <c>https://minio.example:9000</c>; null for Amazon's own.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Region to sign requests for; null: <c>AWS_REGION</c>, else <c>us-east-1</c>.</summary>
    public string? Region { get; set; }

    /// <summary>Whether the bucket is part of the path (most stores but Amazon's) instead of the host name.</summary>
    public bool PathStyle { get; set; }

    /// <summary>Null: the usual places (<c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>, profile, role of the machine).</summary>
    public string? AccessKey { get; set; }

    public string? SecretKey { get; set; }

    /// <summary>How often a request is repeated after an error, a stall or a truncated answer, waiting twice as long each time.</summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 5;

    /// <summary>How long an answer may make no progress before the request is repeated.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Size of the parts in which large objects are sent, in bytes.</summary>
    [Range(5 << 20, 512 << 20)]
    public int PartBytes { get; set; } = 16 << 20;
}
