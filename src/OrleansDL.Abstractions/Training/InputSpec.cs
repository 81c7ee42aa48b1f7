namespace OrleansDL.Training;

/// <summary>How a dataset's rows become the network's input and target. The fitted form is the artifact's pipeline.</summary>
[GenerateSerializer, Immutable, Alias("input-spec")]
public sealed record InputSpec
{
    /// <summary><c>table</c>, <c>image</c>, <c>text</c> or <c>series</c>; null follows the dataset's kind.</summary>
    [Id(0)] public string? Kind { get; init; }

    /// <summary>Column holding the label; null: the last column of a table, the folder of an image.</summary>
    [Id(1)] public string? Label { get; init; }

    /// <summary>Feature columns in order; null: every column but the label.</summary>
    [Id(2)] public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>image: height and width in pixels and colour channels (1 or 3). Table columns are read as pixels, row by row.</summary>
    [Id(3)] public int? Height { get; init; }
    [Id(4)] public int? Width { get; init; }
    [Id(5)] public int? Channels { get; init; }

    /// <summary>image: what pixel values are divided by; null: 255 for image files, the greatest training value for table columns.</summary>
    [Id(6)] public double? Scale { get; init; }

    /// <summary>text: tokens kept per row; default 64.</summary>
    [Id(7)] public int? MaxTokens { get; init; }

    /// <summary>text: size of the vocabulary learnt from the training split; default 20,000 words, 4,096 byte pairs.</summary>
    [Id(8)] public int? Vocabulary { get; init; }

    /// <summary>
    /// text: <c>words</c> (lower-cased, the default), <c>split</c> (what stands between spaces; the default of head.kind 'sequence'),
    /// <c>bytes</c> or <c>bpe</c> (pairs of bytes learnt from the training split).
    /// </summary>
    [Id(9)] public string? Tokenizer { get; init; }

    /// <summary>series: time steps of a row, 1 to 65,536. Columns stand step by step; null: each column is one step, or what the column's type or first row says.</summary>
    [Id(10)] public int? Steps { get; init; }
}
