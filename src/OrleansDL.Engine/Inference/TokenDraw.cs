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
    /// <param name="topK">Only so many of the most probable tokens are drawn from; 0: all.</param>
    /// <param name="topP">Only the most probable tokens that together reach this probability are drawn from, above 0 to 1.</param>
    public static long Next(ReadOnlySpan<float> logits, double temperature, Xoshiro random, int topK = 0, double topP = 1)
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

        if (topK > 0 || topP < 1)
        {
            Restrict(shares, topK, topP);
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

    /// <summary>Takes their shares from all but the most probable; of equal ones the first stay.</summary>
    private static void Restrict(double[] shares, int topK, double topP)
    {
        var order = new int[shares.Length];
        for (var token = 0; token < order.Length; token++)
        {
            order[token] = token;
        }

        Array.Sort(order, (left, right) => shares[right].CompareTo(shares[left]) is var by and not 0 ? by : left.CompareTo(right));
        var enough = shares.Sum() * topP;
        var count = 0;
        for (var reached = 0.0; count < order.Length && reached < enough && (topK == 0 || count < topK); count++)
        {
            reached += shares[order[count]];
        }

        foreach (var token in order.AsSpan(Math.Max(1, count)))
        {
            shares[token] = 0;
        }
    }
}
