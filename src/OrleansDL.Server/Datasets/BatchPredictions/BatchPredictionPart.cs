namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>A part that is done, as it stands in the database.</summary>
internal sealed class BatchPredictionPart
{
    public long Ordinal { get; set; }
    public long Rows { get; set; }
    public string Sha256 { get; set; } = "";
    public long Bytes { get; set; }

    /// <summary>The model versions that answered, as a JSON array of <c>name@version</c>.</summary>
    public string Models { get; set; } = "";
}
