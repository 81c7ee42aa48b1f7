namespace OrleansDL.Serving;

/// <summary>A named tensor: shape and little-endian, row-major bytes without padding (BYTES elements: a uint32 length, then the bytes).</summary>
/// <remarks>Immutable: inside one process it is passed by reference, never copied.</remarks>
[GenerateSerializer, Immutable, Alias("tensor")]
public sealed class Tensor
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required TensorElementType Type { get; init; }
    [Id(2)] public required long[] Shape { get; init; }
    [Id(3)] public required ReadOnlyMemory<byte> Data { get; init; }
}
