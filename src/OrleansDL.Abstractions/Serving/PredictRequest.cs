namespace OrleansDL.Serving;

/// <summary>Raw rows for the deployment's own pipeline.</summary>
[GenerateSerializer, Immutable, Alias("predict-request")]
public sealed class PredictRequest
{
    /// <summary>UTF-8 JSON array: each row an array of pixels or values in column order, an object of named columns, a string of text, or a base64 image <c>{"image": "..."}</c>.</summary>
    [Id(0)] public required ReadOnlyMemory<byte> Rows { get; init; }

    /// <summary>Labels answered per row, best first; 1 to 1000.</summary>
    [Id(1)] public int Top { get; init; } = 1;
}
