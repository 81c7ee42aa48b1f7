namespace OrleansDL.Training;

/// <summary>A tensor in a safetensors file: <c>F32</c>, <c>I64</c> or <c>U8</c>.</summary>
internal sealed record SafeTensor(string Name, string Type, IReadOnlyList<long> Shape, byte[] Data);
