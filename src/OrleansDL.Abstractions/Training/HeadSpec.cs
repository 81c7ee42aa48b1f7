using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>What the network is to answer, and how a wrong answer is counted. What is not set takes the kind's default.</summary>
[GenerateSerializer, Immutable, Alias("head-spec")]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HeadSpec
{
    /// <summary>
    /// <c>label</c> (one per row), <c>labels</c> (any number per row), <c>regression</c> (numbers), <c>sequence</c> (a label per token or time step),
    /// <c>next-token</c>, <c>embedding</c> (rows of one label lie close together) or <c>reconstruction</c>.
    /// </summary>
    [Id(0)] public string Kind { get; init; } = "label";

    /// <summary>Target columns: one or several for regression, one for the other kinds; null: <c>input.label</c>, or else the last column.</summary>
    [Id(1)] public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>label, sequence: how much a row of a label counts, 0 to 10,000; a label that is not named counts 1.</summary>
    [Id(2)] public IReadOnlyDictionary<string, double>? ClassWeights { get; init; }

    /// <summary>label, sequence: every label counts the same however many rows it has. labels: having a label counts as much as lacking it.</summary>
    [Id(3)] public bool Balanced { get; init; }

    /// <summary>label, labels, sequence: share of the target given to all labels evenly; 0 to below 1.</summary>
    [Id(4)] public double LabelSmoothing { get; init; }

    /// <summary>label, labels, sequence: focal loss; the greater, the less do rows count that are answered well. 0 to 10; 0: off.</summary>
    [Id(5)] public double FocalGamma { get; init; }

    /// <summary>labels: how much having a label counts against lacking it, by label, above 0 to 10,000.</summary>
    [Id(6)] public IReadOnlyDictionary<string, double>? PositiveWeights { get; init; }

    /// <summary>labels: probability from which a label is answered, 0 to 1; default 0.5.</summary>
    [Id(7)] public double? Threshold { get; init; }

    /// <summary>regression: <c>mse</c> (default), <c>mae</c> or <c>huber</c>, over values in deviations of the training rows.</summary>
    [Id(8)] public string? Loss { get; init; }

    /// <summary>regression by huber: from how many deviations on an error counts by its size instead of its square; default 1.</summary>
    [Id(9)] public double? HuberDelta { get; init; }

    /// <summary>embedding: width of the vector, 1 to 8192; default 64.</summary>
    [Id(10)] public int? Width { get; init; }

    /// <summary>embedding: what similarities are divided by, above 0 to 10; default 0.1. The smaller, the more do the nearest rows count.</summary>
    [Id(11)] public double? Temperature { get; init; }
}
