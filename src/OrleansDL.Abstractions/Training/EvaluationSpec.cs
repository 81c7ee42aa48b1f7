using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>What is found out beyond the metrics of all rows together.</summary>
[GenerateSerializer, Immutable, Alias("evaluation-spec")]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EvaluationSpec
{
    /// <summary>Columns whose values divide the rows into slices that are judged on their own, the 20 most frequent values of each; 1 to 8 columns.</summary>
    [Id(0)] public IReadOnlyList<string>? Slices { get; init; }
}
