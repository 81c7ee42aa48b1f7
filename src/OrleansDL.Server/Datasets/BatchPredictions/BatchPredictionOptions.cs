using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>How versions are put to deployments. Section <c>Datasets:BatchPredictions</c> of the configuration.</summary>
internal sealed class BatchPredictionOptions
{
    /// <summary>Rows of one part: what a killed node makes the next one ask again. A job keeps the number it began with.</summary>
    [Range(1, 1_000_000)]
    public int PartRows { get; set; } = 5000;

    /// <summary>Rows of one request to a replica. More is faster for small rows; fewer leaves room for other callers.</summary>
    [Range(1, 10_000)]
    public int RequestRows { get; set; } = 128;

    /// <summary>Requests of one job that are under way at a time, over all replicas; of a deployment with more than half as many replicas two for each.</summary>
    [Range(1, 1024)]
    public int Parallel { get; set; } = 4;

    /// <summary>How long a job waits for a deployment that does not answer before it fails.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);
}
