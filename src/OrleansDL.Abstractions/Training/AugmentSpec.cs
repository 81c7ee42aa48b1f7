namespace OrleansDL.Training;

/// <summary>How training rows are changed at random, each epoch anew. What happens to a row follows from seed, epoch and row.</summary>
[GenerateSerializer, Immutable, Alias("augment-spec")]
public sealed record AugmentSpec
{
    /// <summary>Images: pixels of zeros laid around, of which a part of the old size is cut at random, 0 to 256.</summary>
    [Id(0)] public int? Crop { get; init; }

    /// <summary>Images: every second one is turned left to right.</summary>
    [Id(1)] public bool? FlipHorizontal { get; init; }

    /// <summary>Images: every second one is turned upside down.</summary>
    [Id(2)] public bool? FlipVertical { get; init; }

    /// <summary>Images: greatest angle of a turn about the middle, in degrees, 0 to 180.</summary>
    [Id(3)] public double? Rotate { get; init; }

    /// <summary>Images: greatest number added to or taken from all pixels, 0 to 1; encoded pixels are from 0 to 1.</summary>
    [Id(4)] public double? Brightness { get; init; }

    /// <summary>Images: greatest share by which the distances from the mean grow or shrink, 0 to 1.</summary>
    [Id(5)] public double? Contrast { get; init; }

    /// <summary>Images and tables: each row is mixed with another one of the training rows, targets alike; shares from Beta(mixup, mixup), 0.05 to 1.</summary>
    [Id(6)] public double? Mixup { get; init; }
}
