using OrleansDL.Identity;

namespace OrleansDL.Training;

/// <summary>The training runs of one project. Key: the project's name. Any number of activations.</summary>
[Alias("training-runs")]
public interface ITrainingRunsGrain : IGrainWithStringKey
{
    /// <summary>Makes a run and queues it. <paramref name="id"/> makes a repeat of the call harmless.</summary>
    [Alias("create"), Requires(Role.Developer)] Task<TrainingRun> CreateAsync(Guid id, TrainingSpec spec);

    /// <summary>Checks a spec as creation would, creating nothing.</summary>
    [Alias("check"), Requires(Role.Viewer)] Task CheckAsync(TrainingSpec spec);

    /// <summary>Checks a spec as creation would, creating nothing, and shows the network that it would train.</summary>
    [Alias("summarize"), Requires(Role.Viewer)] Task<TrainingCheck> SummarizeAsync(TrainingSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<TrainingRun> GetAsync(string run);

    /// <summary>Newest first.</summary>
    [Alias("list"), Requires(Role.Viewer)] Task<Page<TrainingRun>> ListAsync(RunStatus? status, PageRequest page);

    /// <summary>Metric points in order of step; <paramref name="name"/> null for all metrics.</summary>
    [Alias("metrics"), Requires(Role.Viewer)] Task<Page<MetricPoint>> ListMetricsAsync(string run, string? name, PageRequest page);
    [Alias("logs"), Requires(Role.Viewer)] Task<Page<LogLine>> ListLogsAsync(string run, PageRequest page);
}
