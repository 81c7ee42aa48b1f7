using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>Everything a worker needs to run one attempt.</summary>
[GenerateSerializer, Immutable, Alias("trainer-assignment")]
public sealed record TrainerAssignment
{
    [Id(0)] public required Guid Run { get; init; }
    [Id(1)] public required int Attempt { get; init; }
    [Id(2)] public required TrainingSpec Spec { get; init; }
    [Id(3)] public required DatasetVersion Dataset { get; init; }
    [Id(4)] public Checkpoint? ResumeFrom { get; init; }

    /// <summary>evaluate: the model's files. train: the weights to start from.</summary>
    [Id(5)] public IReadOnlyDictionary<string, BlobRef>? Model { get; init; }

    /// <summary>Project of the run, whose dataset is read.</summary>
    [Id(6)] public required string Project { get; init; }

    /// <summary>Incarnation of the worker that holds the lease: another one refuses to start it.</summary>
    [Id(7)] public required string Incarnation { get; init; }
}
