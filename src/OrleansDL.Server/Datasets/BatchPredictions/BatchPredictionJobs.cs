using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Datasets.Jobs;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>Works on batch predictions in the background of this node.</summary>
internal sealed partial class BatchPredictionJobs
{
    private readonly BatchPredictionWork _work;
    private readonly IGrainFactory _grains;
    private readonly ILogger _logger;
    private readonly JobRunner _runner;

    public BatchPredictionJobs(
        BatchPredictionTable table, BatchPredictionWork work, IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<BatchPredictionJobs> logger)
    {
        (_work, _grains, _logger) = (work, grains, logger);
        _runner = new JobRunner(table.Claims, time, LogFailed, lifetime.ApplicationStopping);
    }

    /// <summary>Begins, unless this node works on it already.</summary>
    public void Begin(BatchPrediction prediction) => _runner.Begin(prediction.Id, async (attempt, stop) =>
    {
        BatchPredictionOutcome outcome;
        try
        {
            var version = await _work.RunAsync(prediction, attempt, stop);
            outcome = new BatchPredictionOutcome { Version = version.Version };
        }
        catch (OrleansDLException e)
        {
            outcome = new BatchPredictionOutcome { Error = e.Message };
        }

        await _grains.GetGrain<IBatchPredictionGrain>(prediction.Id).FinishAsync(outcome);
    });

    /// <summary>Stops what this node does on it; another node notices by its next heartbeat.</summary>
    public void Stop(Guid prediction) => _runner.Stop(prediction);

    [LoggerMessage(LogLevel.Error, "Batch prediction {Prediction} was interrupted inside the server; it begins again where it was")]
    private partial void LogFailed(Guid prediction, Exception exception);
}
