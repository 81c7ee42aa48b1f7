using Orleans.Concurrency;
using OrleansDL.Identity;

namespace OrleansDL.Training;

/// <summary>One training run, keyed by its id. It decides and remembers; a worker computes.</summary>
[Alias("training-run-grain")]
public interface ITrainingRunGrain : IGrainWithGuidKey, IWakeable
{
    /// <summary>Creates the run and queues it. Repeating does nothing.</summary>
    [Alias("create")] Task<TrainingRun> CreateAsync(string project, TrainingSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<TrainingRun> GetAsync();

    /// <summary>Stops the run at its next step. Cancelling one that has ended does nothing.</summary>
    [Alias("cancel"), Requires(Role.Developer)] Task<TrainingRun> CancelAsync();

    /// <summary>Lets the run write a checkpoint and give its slots back, until it is resumed. Pausing one that is paused does nothing.</summary>
    [Alias("pause"), Requires(Role.Developer)] Task<TrainingRun> PauseAsync();

    /// <summary>Queues a paused run again. Resuming one that is not paused does nothing.</summary>
    [Alias("resume"), Requires(Role.Developer)] Task<TrainingRun> ResumeAsync();

    /// <summary>Changes its priority, whether it waits or runs.</summary>
    [Alias("priority"), Requires(Role.Developer)] Task<TrainingRun> SetPriorityAsync(int priority);

    /// <summary>Puts a run that waits directly before or behind another one of its project and pool that waits.</summary>
    [Alias("move"), Requires(Role.Developer)] Task<TrainingRun> MoveAsync(Guid anchor, bool ahead);

    /// <summary>From the worker: metrics, log lines, progress.</summary>
    /// <exception cref="StaleAttemptException">A newer attempt has begun.</exception>
    [Alias("report")] Task ReportAsync(RunReport report);

    /// <summary>Waits until something was reported or the run has changed since, 5 s at most. For whoever follows its log.</summary>
    /// <param name="seen">What this answered before; 0 answers at once.</param>
    /// <param name="within">How long to wait.</param>
    /// <returns>A number that grows with every report and change.</returns>
    [Alias("wait-for-report"), Requires(Role.Viewer), AlwaysInterleave] Task<long> WaitForReportAsync(long seen, TimeSpan within);

    /// <summary>From the worker: a checkpoint whose bytes are in the blob store.</summary>
    /// <exception cref="StaleAttemptException">A newer attempt has begun.</exception>
    [Alias("checkpoint")] Task RecordCheckpointAsync(Checkpoint checkpoint);

    /// <summary>The checkpoints that are kept, oldest first.</summary>
    [Alias("checkpoints"), Requires(Role.Viewer)] Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync();

    /// <summary>From the worker: where one of several ranks listens for the others. Repeating does nothing.</summary>
    /// <returns>Where all of them do, by rank; null while some have not said so.</returns>
    /// <exception cref="StaleAttemptException">A newer attempt has begun, or a rank of this one has ended already.</exception>
    [Alias("meet")] Task<IReadOnlyList<string>?> MeetAsync(RankAddress address);

    /// <summary>From the worker: waits a few seconds for the ranks that <see cref="MeetAsync"/> missed.</summary>
    /// <returns>As there; after null the worker says once more where its rank listens.</returns>
    /// <exception cref="StaleAttemptException">A newer attempt has begun, or a rank of this one has ended already.</exception>
    [Alias("await-ranks"), AlwaysInterleave] Task<IReadOnlyList<string>?> AwaitRanksAsync(int attempt);

    /// <summary>From the worker: a process has ended, the only one or one of several ranks. Repeating does nothing.</summary>
    /// <exception cref="StaleAttemptException">A newer attempt has begun.</exception>
    [Alias("finish")] Task FinishAsync(RunOutcome outcome);
}
