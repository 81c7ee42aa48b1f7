using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>What a process says of a model it has loaded.</summary>
public sealed record HostedFacts
{
    public required ModelSignature Signature { get; init; }

    /// <summary>Whether requests can be run as one.</summary>
    public required bool CanBatch { get; init; }

    /// <summary>What its raw rows are; null for a model without a pipeline of its own.</summary>
    public RowKind? Rows { get; init; }

    /// <summary>Whether it gives each row one label, best of all.</summary>
    public bool GivesLabel { get; init; }

    /// <summary>Bytes by which the process's heap grew with it; what is managed is not counted.</summary>
    public long Bytes { get; init; }

    /// <summary>Labels in the order of the outputs; empty for a model without a pipeline.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
