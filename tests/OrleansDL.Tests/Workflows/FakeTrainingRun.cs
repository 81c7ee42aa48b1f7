using OrleansDL.Training;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeTrainingRun(FakeWorld world, Guid id) : ITrainingRunGrain
{
    public Task<TrainingRun> CreateAsync(string project, TrainingSpec spec) => world.CreateAsync(id, project, spec);

    public Task<TrainingRun> GetAsync() => world.Runs.TryGetValue(id, out var run)
        ? Task.FromResult(run)
        : throw new NotFoundException($"There is no training run {id}.");

    public async Task<TrainingRun> CancelAsync()
    {
        var run = await GetAsync();
        if (run.Status is RunStatus.Queued)
        {
            lock (world.Cancelled)
            {
                world.Cancelled.Add(id);
            }

            await world.EndAsync(run with { Status = RunStatus.Cancelled, Reason = "Cancelled." });
        }

        return world.Runs[id];
    }

    public Task<TrainingRun> PauseAsync() => throw new NotSupportedException();

    public Task<TrainingRun> ResumeAsync() => throw new NotSupportedException();

    public Task<TrainingRun> SetPriorityAsync(int priority) => throw new NotSupportedException();

    public Task<TrainingRun> MoveAsync(Guid anchor, bool ahead) => throw new NotSupportedException();

    public Task ReportAsync(RunReport report) => throw new NotSupportedException();

    public Task<long> WaitForReportAsync(long seen, TimeSpan within) => throw new NotSupportedException();

    public Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync() => Task.FromResult<IReadOnlyList<Checkpoint>>([]);

    public Task RecordCheckpointAsync(Checkpoint checkpoint) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>?> MeetAsync(RankAddress address) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>?> AwaitRanksAsync(int attempt) => throw new NotSupportedException();

    public Task FinishAsync(RunOutcome outcome) => throw new NotSupportedException();

    public Task WakeAsync(string name, string? payload) => throw new NotSupportedException();
}
