using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>One batch prediction, keyed by its id. It remembers that the rows are to be asked about; a service of the node asks.</summary>
[Alias("batch-prediction-grain")]
public interface IBatchPredictionGrain : IGrainWithGuidKey, IWakeable
{
    /// <summary>Starts it. Repeating does nothing.</summary>
    [Alias("start")] Task<BatchPrediction> StartAsync(BatchPrediction prediction);
    [Alias("get"), Requires(Role.Viewer)] Task<BatchPrediction> GetAsync();

    /// <summary>Ends it; answers that are there are thrown away. One that is over stays as it is.</summary>
    [Alias("cancel"), Requires(Role.Developer)] Task<BatchPrediction> CancelAsync();

    /// <summary>The work is done or has failed for good. Repeating does nothing.</summary>
    [Alias("finish")] Task FinishAsync(BatchPredictionOutcome outcome);
}
