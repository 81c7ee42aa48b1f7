using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>An input or output of a model; -1 stands for any size.</summary>
[GenerateSerializer, Immutable, Alias("tensor-spec")]
public sealed record TensorSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required TensorElementType Type { get; init; }
    [Id(2)] public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Whether a request may leave the input out; the model has a value for it then.</summary>
    [Id(53), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Optional { get; init; }
}
