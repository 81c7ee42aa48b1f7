using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Datasets.Uploads;

/// <summary>How uploads may come in. Section <c>Datasets:Uploads</c> of the configuration.</summary>
internal sealed class UploadLimits
{
    /// <summary>How long what was sent is kept for the commit to come. Every piece and every question about the bytes begins it anew.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Bytes of one file that comes with many others in one request; larger ones are uploaded by themselves.</summary>
    [Range(1, 64 << 20)]
    public int MaximumSmallFileBytes { get; set; } = 16 << 20;

    /// <summary>Bytes of one request with many files.</summary>
    [Range(1, 1L << 40)]
    public long MaximumSmallRequestBytes { get; set; } = 1L << 30;

    /// <summary>Files added and removed by one commit.</summary>
    [Range(1, int.MaxValue)]
    public int MaximumCommitFiles { get; set; } = 10_000_000;

    /// <summary>How many bytes of a large file may come in before what is here is made durable: what a killed node makes the client send again.</summary>
    [Range(1 << 20, 1L << 40)]
    public long DurableEvery { get; set; } = 64 << 20;
}
