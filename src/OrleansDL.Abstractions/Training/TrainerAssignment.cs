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

    /// <summary>evaluate: the model's files.</summary>
    [Id(5)] public IReadOnlyDictionary<string, BlobRef>? Model { get; init; }
}
