using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>What a process says of a model it has loaded.</summary>
public sealed record LoadedModel
{
    public required ModelSignature Signature { get; init; }

    /// <summary>Whether requests can be run as one.</summary>
    public required bool CanBatch { get; init; }

    /// <summary>Whether it takes raw rows through a pipeline of its own.</summary>
    public required bool TakesRows { get; init; }

    /// <summary>Labels in the order of the outputs; empty for a model without a pipeline.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
