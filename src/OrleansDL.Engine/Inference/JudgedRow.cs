namespace OrleansDL.Inference;

/// <summary>Sees an encoded row and what the network put out for it, flat. Both are used again for the next row.</summary>
internal delegate void JudgedRow(ReadOnlySpan<byte> input, ReadOnlySpan<float> output);
