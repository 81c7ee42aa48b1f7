using System.Numerics.Tensors;
using OrleansDL.Data;
using OrleansDL.Pipelines.Tokens;

namespace OrleansDL.Inference;

/// <summary>Chooses the next token of a text.</summary>
internal static class TokenDraw
{
    /// <param name="logits">Of all tokens; padding is never chosen.</param>
    /// <param name="temperature">0 takes the most probable token.</param>
    /// <param name="random">Draws where the temperature is above 0.</param>
    public static long Next(ReadOnlySpan<float> logits, double temperature, Xoshiro random)
    {
        var tokens = logits[(Tokenizer.Padding + 1)..];
        if (temperature <= 0)
        {
            return TensorPrimitives.IndexOfMax(tokens) + Tokenizer.Padding + 1;
        }

        double greatest = TensorPrimitives.Max(tokens);
        var shares = new double[tokens.Length];
        for (var token = 0; token < tokens.Length; token++)
        {
            shares[token] = Math.Exp((tokens[token] - greatest) / temperature);
        }

        var left = random.NextDouble() * shares.Sum();
        for (var token = 0; token < shares.Length; token++)
        {
            left -= shares[token];
            if (left < 0)
            {
                return token + Tokenizer.Padding + 1;
            }
        }

        return Array.FindLastIndex(shares, share => share > 0) + Tokenizer.Padding + 1;
    }
}
