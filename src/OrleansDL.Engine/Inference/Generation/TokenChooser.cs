using OrleansDL.Data;
using OrleansDL.Serving;

namespace OrleansDL.Inference.Generation;

/// <summary>Chooses the tokens of one text: equal seeds and logits choose equal ones, whatever runs beside it.</summary>
public sealed class TokenChooser(GenerateRequest request)
{
    private readonly Xoshiro _random = new(request.Seed);

    /// <param name="logits">Of all tokens.</param>
    public long Next(ReadOnlySpan<float> logits) => TokenDraw.Next(logits, request.Temperature, _random, request.TopK, request.TopP);
}
