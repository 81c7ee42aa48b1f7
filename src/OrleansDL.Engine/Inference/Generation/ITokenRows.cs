namespace OrleansDL.Inference.Generation;

/// <summary>Texts that a model continues side by side, each in a row of its own. For one caller at a time.</summary>
public interface ITokenRows : IDisposable
{
    /// <summary>Adds tokens to one row.</summary>
    /// <param name="row">From 0; rows are used without gaps.</param>
    /// <param name="tokens">One at least; with those of the row before them at most <see cref="GenerationModel.MaximumTokens"/>.</param>
    /// <param name="logits">Receives those of the token that follows: one for each of <see cref="GenerationModel.TokenCount"/>.</param>
    void Feed(int row, ReadOnlySpan<long> tokens, Span<float> logits);

    /// <summary>Adds one token to each of the first rows.</summary>
    /// <param name="tokens">One a row.</param>
    /// <param name="logits">Receives those of the tokens that follow, row after row.</param>
    void Step(ReadOnlySpan<long> tokens, Span<float> logits);

    /// <summary>Puts a row where another was.</summary>
    void Move(int from, int to);

    /// <summary>Forgets a row's tokens.</summary>
    void Clear(int row);
}
