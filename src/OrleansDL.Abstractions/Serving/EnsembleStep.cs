namespace OrleansDL.Serving;

/// <summary>One call of a deployment within an ensemble.</summary>
[GenerateSerializer, Immutable, Alias("ensemble-step")]
public sealed record EnsembleStep
{
    /// <summary>What errors call it; null: the deployment's name.</summary>
    [Id(0)] public string? Name { get; init; }

    /// <summary>Name or id of a deployment of the same project, which may be an ensemble.</summary>
    [Id(1)] public required string Deployment { get; init; }

    /// <summary>Version of it; null: the one it chooses.</summary>
    [Id(2)] public long? Version { get; init; }

    /// <summary>For each input of the deployment the ensemble's tensor it reads.</summary>
    [Id(3)] public required IReadOnlyDictionary<string, string> Inputs { get; init; }

    /// <summary>For each output of the deployment that is used the ensemble's tensor it makes.</summary>
    [Id(4)] public required IReadOnlyDictionary<string, string> Outputs { get; init; }

    /// <summary>Runs only where this holds, for example <c>tensors.score[0] &lt; 0.5</c> or <c>has(parameters.fast)</c>; null: always.</summary>
    /// <remarks>An expression as in workflows over <c>tensors</c> (each a flat list) and the request's <c>parameters</c>.</remarks>
    [Id(5)] public string? When { get; init; }
}
