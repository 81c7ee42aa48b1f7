using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.Asides;

/// <summary>How payload logs are written, section <c>Serving:PayloadLog</c>.</summary>
internal sealed class PayloadLogOptions
{
    public const string Section = "Serving:PayloadLog";

    /// <summary>How long a row may wait for its commit. Shorter shows rows sooner and loses less when a node is killed; longer makes fewer versions.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes of rows that are committed before the interval is over.</summary>
    [Range(1024, 1 << 28)]
    public int CommitBytes { get; set; } = 8 << 20;

    /// <summary>Bytes of requests, answers and rows that may wait on this server; what comes when they do is dropped and counted.</summary>
    [Range(1 << 20, 1 << 30)]
    public long MaximumWaitingBytes { get; set; } = 64 << 20;
}
