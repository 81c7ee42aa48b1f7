namespace OrleansDL.Serving;

/// <summary>The file <c>predictor.json</c> of an artifact: the model is a predictor in .NET.</summary>
public sealed record PredictorSpec
{
    /// <summary>Name of that file.</summary>
    public const string File = "predictor.json";

    /// <summary>Folder of the code below that of the artifact.</summary>
    public const string CodeFolder = "code";

    /// <summary>The assembly that holds the one <see cref="IPredictor"/>: a file of the artifact, or a path in the code.</summary>
    public required string Assembly { get; init; }

    /// <summary>Digest (<c>sha256:...</c>) of pushed code that holds the assembly; null: the artifact does.</summary>
    public BlobId? Code { get; init; }
}
