using OrleansDL.UserCode;

namespace OrleansDL.Training;

/// <summary>A run as it stands now.</summary>
[GenerateSerializer, Immutable, Alias("training-run")]
public sealed record TrainingRun
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required RunStatus Status { get; init; }
    [Id(4)] public required TrainingSpec Spec { get; init; }

    /// <summary>Commit digest of the dataset version the reference named when the run was created.</summary>
    [Id(5)] public required BlobId DatasetCommit { get; init; }
    [Id(6)] public required string DatasetName { get; init; }
    [Id(7)] public required long DatasetVersion { get; init; }

    /// <summary>Number of the current attempt, from 1; 0 before the first.</summary>
    [Id(8)] public int Attempt { get; init; }

    /// <summary>The worker it runs on; of several, that of rank 0.</summary>
    [Id(9)] public string? Worker { get; init; }
    [Id(10)] public RunProgress? Progress { get; init; }
    [Id(11)] public Checkpoint? LastCheckpoint { get; init; }

    /// <summary>Step the current attempt began at.</summary>
    [Id(12)] public long ResumedFromStep { get; init; }

    /// <summary>Why a failed run failed, or why a queued one waits.</summary>
    [Id(13)] public string? Reason { get; init; }

    /// <summary>Final metrics, for example <c>validation.accuracy</c>.</summary>
    [Id(14)] public IReadOnlyDictionary<string, double>? Metrics { get; init; }

    /// <summary>Files the run left, by name (<c>model.onnx</c>, ...).</summary>
    [Id(15)] public IReadOnlyDictionary<string, BlobRef>? Artifact { get; init; }

    /// <summary>Version registered from it, if any.</summary>
    [Id(16)] public string? ModelVersion { get; init; }
    [Id(17)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(18)] public DateTimeOffset? StartedAt { get; init; }
    [Id(19)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Place in its pool's queue while it waits, from 1.</summary>
    [Id(20)] public int? Position { get; init; }

    /// <summary>When it should start, if all goes as the runs before it tell; null: that cannot be said.</summary>
    [Id(21)] public DateTimeOffset? EstimatedStart { get; init; }

    /// <summary>How often it was sent away for another run.</summary>
    [Id(22)] public int Preemptions { get; init; }

    /// <summary>How often it was tried again after a failure of its own.</summary>
    [Id(23)] public int Retries { get; init; }

    /// <summary>code: the version the reference named when the run was created.</summary>
    [Id(30)] public CodeVersion? Code { get; init; }

    /// <summary>The attempts that were given workers, oldest first; the last 100.</summary>
    [Id(57)] public IReadOnlyList<RunAttempt> Attempts { get; init; } = [];
}
