using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>What a runner tells its run: a batch with a sequence number within its attempt.</summary>
[GenerateSerializer, Immutable, Alias("run-report")]
public sealed record RunReport
{
    [Id(0)] public required int Attempt { get; init; }

    /// <summary>1, 2, 3, ... within the attempt; one that was seen already is ignored.</summary>
    [Id(1)] public required long Sequence { get; init; }
    [Id(2)] public IReadOnlyList<MetricPoint> Metrics { get; init; } = [];
    [Id(3)] public IReadOnlyList<string> Log { get; init; } = [];
    [Id(4)] public RunProgress? Progress { get; init; }

    /// <summary>Who tells it, from 0; each rank counts its own reports. Of ranks above 0 only the log is kept.</summary>
    [Id(57), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int Rank { get; init; }
}
