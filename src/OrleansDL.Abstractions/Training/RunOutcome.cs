using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>How an attempt's process ended.</summary>
[GenerateSerializer, Immutable, Alias("run-outcome")]
public sealed record RunOutcome
{
    [Id(0)] public required int Attempt { get; init; }
    [Id(1)] public required RunOutcomeKind Kind { get; init; }

    /// <summary>For a failure the last lines of stderr.</summary>
    [Id(2)] public string? Reason { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    [Id(4)] public IReadOnlyDictionary<string, BlobRef> Artifact { get; init; } = new Dictionary<string, BlobRef>();

    /// <summary>Place of the process among the workers that train the run together, from 0.</summary>
    [Id(57), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int Rank { get; init; }
}
