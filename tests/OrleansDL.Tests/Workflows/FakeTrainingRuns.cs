using OrleansDL.Training;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeTrainingRuns : ITrainingRunsGrain
{
    public Task CheckAsync(TrainingSpec spec) => spec.Network?.Family == "nosuch"
        ? throw new InvalidException("There is no network family 'nosuch'.")
        : Task.CompletedTask;

    public Task<TrainingCheck> SummarizeAsync(TrainingSpec spec) => throw new NotSupportedException();

    public Task<TrainingRun> CreateAsync(Guid id, TrainingSpec spec) => throw new NotSupportedException();

    public Task<TrainingRun> GetAsync(string run) => throw new NotSupportedException();

    public Task<Page<TrainingRun>> ListAsync(RunStatus? status, PageRequest page) => throw new NotSupportedException();

    public Task<Page<MetricPoint>> ListMetricsAsync(string run, string? name, PageRequest page) => throw new NotSupportedException();

    public Task<Page<LogLine>> ListLogsAsync(string run, PageRequest page) => throw new NotSupportedException();
}
