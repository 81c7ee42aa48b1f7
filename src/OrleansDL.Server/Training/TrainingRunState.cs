using System.Text.Json.Serialization;
using OrleansDL.Datasets;
using OrleansDL.Models;
using OrleansDL.UserCode;

namespace OrleansDL.Training;

/// <summary>What a run remembers.</summary>
[GenerateSerializer, Alias("training-run-state")]
internal sealed record TrainingRunState
{
    [Id(0)] public RunStatus Status { get; init; } = RunStatus.New;
    [Id(1)] public string Project { get; init; } = "";
    [Id(2)] public string Name { get; init; } = "";
    [Id(3)] public TrainingSpec? Spec { get; init; }
    [Id(4)] public DatasetVersion? Dataset { get; init; }

    /// <summary>evaluate: the version the reference named when the run was created.</summary>
    [Id(5)] public ModelVersion? Model { get; init; }

    /// <summary>The attempt that is queued or runs; its reports are the only ones taken.</summary>
    [Id(6)] public int Attempt { get; init; }
    [Id(7)] public string? Worker { get; init; }
    [Id(8)] public string? Incarnation { get; init; }
    [Id(9)] public Checkpoint? LastCheckpoint { get; init; }
    [Id(10)] public long ResumedFromStep { get; init; }

    /// <summary>Attempts lost since the last one that got further than it began.</summary>
    [Id(11)] public int LostInARow { get; init; }

    /// <summary>How the attempt's process ended, until the run has acted on it.</summary>
    [Id(12)] public RunOutcome? Outcome { get; init; }
    [Id(13)] public string? Reason { get; init; }
    [Id(14)] public IReadOnlyDictionary<string, double>? Metrics { get; init; }
    [Id(15)] public IReadOnlyDictionary<string, BlobRef>? Artifact { get; init; }
    [Id(16)] public string? ModelVersion { get; init; }
    [Id(17)] public DateTimeOffset CreatedAt { get; init; }
    [Id(18)] public DateTimeOffset? StartedAt { get; init; }
    [Id(19)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The members of the attempt that runs, in order of rank.</summary>
    [Id(20)] public IReadOnlyList<GrantMember>? Members { get; init; }

    /// <summary>How long earlier attempts held slots.</summary>
    [Id(21)] public double? ServedSeconds { get; init; }

    /// <summary>When the attempt that runs was given its slots.</summary>
    [Id(22)] public DateTimeOffset? AttemptStartedAt { get; init; }

    /// <summary>How long it took an attempt to its first step.</summary>
    [Id(23)] public double? RestartSeconds { get; init; }

    /// <summary>How often it was sent away for another run.</summary>
    [Id(24)] public int? Preemptions { get; init; }

    /// <summary>How often it was tried again after a failure of its own.</summary>
    [Id(25)] public int? Retries { get; init; }

    /// <summary>When the next attempt may ask for slots, after a failure; null: at once.</summary>
    [Id(26)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How often its user let it pause.</summary>
    [Id(27)] public int? Pauses { get; init; }

    /// <summary>The checkpoints that are kept, oldest first; the last one is <see cref="LastCheckpoint"/>. Null where none but that was ever kept.</summary>
    [Id(40)] public IReadOnlyList<Checkpoint>? Checkpoints { get; init; }

    /// <summary>code: the version the reference named when the run was created.</summary>
    [Id(50)] public CodeVersion? Code { get; init; }

    /// <summary>The ranks of the attempt that runs; null: one process trains alone.</summary>
    [Id(57)] public GangState? Gang { get; init; }

    /// <summary>The attempts that were given workers, oldest first; the last of them.</summary>
    [Id(58)] public IReadOnlyList<RunAttempt>? Attempts { get; init; }

    [JsonIgnore]
    public bool HasEnded => Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;
}
