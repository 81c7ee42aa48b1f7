using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Events;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.BatchPredictions;

[GrainType("batch-prediction")]
internal sealed partial class BatchPredictionGrain(
    [PersistentState("batch-prediction")] IPersistentState<BatchPredictionState> state, BatchPredictionTable table, BatchPredictionJobs jobs, BlobStore blobs,
    WakeUps wakeUps, EventLog events, TimeProvider time, ILogger<BatchPredictionGrain> logger) : Grain, IBatchPredictionGrain
{
    // Who works on it may die: it is looked after this often.
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(5);

    private Guid Id => this.GetPrimaryKey();

    public async Task<BatchPrediction> StartAsync(BatchPrediction prediction)
    {
        if (state.State.Prediction is null)
        {
            await wakeUps.ArmAsync(this);
            await WriteAsync(prediction);
            await ActAsync();
            LogStarted(Id, prediction.Spec.Dataset, prediction.Spec.Deployment);
        }

        return await GetAsync();
    }

    public async Task<BatchPrediction> GetAsync() => state.State.Prediction is { } prediction
        ? await table.FindAsync(Id) ?? prediction
        : throw new NotFoundException($"There is no batch prediction {Id}. GET .../batch-predictions lists them.");

    public async Task<BatchPrediction> CancelAsync()
    {
        if (state.State.Prediction is { Status: BatchPredictionStatus.Running } prediction)
        {
            await EndAsync(prediction with { Status = BatchPredictionStatus.Cancelled, FinishedAt = time.GetUtcNow() });
            LogEnded(Id, BatchPredictionStatus.Cancelled, null);
        }

        return await GetAsync();
    }

    public async Task FinishAsync(BatchPredictionOutcome outcome)
    {
        if (state.State.Prediction is { Status: BatchPredictionStatus.Running } prediction)
        {
            await EndAsync(prediction with
            {
                Status = outcome.Version is null ? BatchPredictionStatus.Failed : BatchPredictionStatus.Completed,
                Version = outcome.Version,
                Error = outcome.Error,
                FinishedAt = time.GetUtcNow(),
            });
            LogEnded(Id, state.State.Prediction!.Status, outcome.Error);
        }
    }

    public Task WakeAsync(string name, string? payload) => ActAsync();

    private async Task EndAsync(BatchPrediction over)
    {
        await wakeUps.ArmAsync(this);
        await WriteAsync(over with { RowsDone = (await table.FindAsync(Id))?.RowsDone ?? 0 });
        await ActAsync();
    }

    /// <summary>Brings table, work and events to what the state says. May be repeated at any time.</summary>
    private async Task ActAsync()
    {
        if (state.State.Prediction is not { } prediction)
        {
            return;
        }

        await table.WriteAsync(prediction);
        if (prediction.Status is BatchPredictionStatus.Running)
        {
            jobs.Begin(prediction);
            await wakeUps.ArmAsync(this, after: Watch);
            return;
        }

        jobs.Stop(Id);
        await events.AppendAsync(Id, prediction.Project, EventTypes.BatchPredictionFinished, prediction.Output, new
        {
            batchPrediction = Id,
            deployment = prediction.Spec.Deployment,
            dataset = prediction.Dataset,
            commit = prediction.Commit,
            output = prediction.Output,
            status = prediction.Status,
            version = prediction.Version,
            error = prediction.Error,
        });

        // What was committed is the dataset's now; the rest goes with the next sweep.
        await table.ClearAsync(Id);
        await blobs.UnreferAsync(BatchPredictionWork.Owner(Id));
        await wakeUps.DisarmAsync(this);
    }

    private async Task WriteAsync(BatchPrediction next)
    {
        state.State = new BatchPredictionState { Prediction = next };
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // Memory never runs ahead of storage.
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Batch prediction {Prediction} of {Dataset} by deployment {Deployment} was started")]
    private partial void LogStarted(Guid prediction, string dataset, string deployment);

    [LoggerMessage(LogLevel.Information, "Batch prediction {Prediction} is {Status} {Error}")]
    private partial void LogEnded(Guid prediction, BatchPredictionStatus status, string? error);
}
