namespace OrleansDL.Datasets;

/// <summary>What was found of an image when it came in.</summary>
[GenerateSerializer, Immutable, Alias("image-facts")]
public sealed record ImageFacts
{
    /// <summary>Pixels.</summary>
    [Id(0)] public required int Width { get; init; }
    [Id(1)] public required int Height { get; init; }

    /// <summary>The mean of the channel in thousandths: 0 is dark, 1000 is light. All three are null when the pixels were not looked at.</summary>
    [Id(2)] public int? Red { get; init; }
    [Id(3)] public int? Green { get; init; }
    [Id(4)] public int? Blue { get; init; }
}
