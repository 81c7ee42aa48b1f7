namespace OrleansDL.Training;

/// <summary>Weights a network starts from in place of random ones: those of a registered model, or of a safetensors file in a dataset.</summary>
[GenerateSerializer, Immutable, Alias("initialize-spec")]
public sealed record InitializeSpec
{
    /// <summary>Model version whose <c>weights.safetensors</c> is read: <c>name@3</c>, <c>name@alias</c>, <c>name</c> (newest).</summary>
    [Id(0)] public string? Model { get; init; }

    /// <summary>Dataset version that holds the file; resolved when the run is created.</summary>
    [Id(1)] public string? Dataset { get; init; }

    /// <summary>dataset: path of the safetensors file in it.</summary>
    [Id(2)] public string? File { get; init; }

    /// <summary>
    /// How names in the file become names of the network: a name that begins with a key begins with its value instead; the longest key counts.
    /// For example <c>{"encoder.": ""}</c>. Null: names are equal.
    /// </summary>
    [Id(3)] public IReadOnlyDictionary<string, string>? Prefixes { get; init; }

    /// <summary>Parameters that training leaves as they are: those whose names begin so, for example <c>["stem", "stage0"]</c>.</summary>
    [Id(4)] public IReadOnlyList<string>? Freeze { get; init; }

    /// <summary>Whether every tensor must find its parameter and every parameter its tensor, of one shape; null: yes. Otherwise what does not fit is named in the log, and begins at random.</summary>
    [Id(5)] public bool? Strict { get; init; }

    /// <summary>The file, as it was found when the run was created. What a caller gives here is not read.</summary>
    [Id(6)] public BlobRef? Weights { get; init; }
}
