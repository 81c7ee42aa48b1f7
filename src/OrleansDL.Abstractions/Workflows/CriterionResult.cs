using System.Text.Json.Serialization;

namespace OrleansDL.Workflows;

/// <summary>How one criterion was judged.</summary>
[GenerateSerializer, Immutable, Alias("criterion-result")]
public sealed record CriterionResult
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Expression { get; init; }
    [Id(2)] public required bool Passed { get; init; }

    /// <summary>Value of every operand, as JSON, by how it is written.</summary>
    [Id(3), JsonConverter(typeof(RawJsonMapConverter))] public required IReadOnlyDictionary<string, string> Operands { get; init; }

    /// <summary>Why it could not be judged, if so.</summary>
    [Id(4)] public string? Error { get; init; }
}
