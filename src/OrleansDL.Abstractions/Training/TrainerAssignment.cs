using OrleansDL.Datasets;
using OrleansDL.UserCode;

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

    /// <summary>code: the version whose files are executed.</summary>
    [Id(50)] public CodeVersion? Code { get; init; }

    /// <summary>Place among the workers that train the run together, from 0.</summary>
    [Id(57)] public int Rank { get; init; }

    /// <summary>Names of those workers by rank, one of them as often as it holds ranks; null: one trains it alone.</summary>
    [Id(58)] public IReadOnlyList<string>? Workers { get; init; }

    /// <summary>Base64 of what the ranks of this attempt know each other by; null: one trains it alone.</summary>
    [Id(59)] public string? GangSecret { get; init; }
}
