namespace OrleansDL.Serving;

/// <summary>A label and its probability.</summary>
[GenerateSerializer, Immutable, Alias("label-score")]
public readonly record struct LabelScore([property: Id(0)] string Label, [property: Id(1)] double Score);
