namespace OrleansDL.Serving.Generation;

/// <summary>The answers of a decoupled model to one request, of which the first has come, or it is known that there is none.</summary>
internal sealed class AnswerStream : IAsyncDisposable
{
    private readonly IAsyncEnumerator<InferAnswer> _answers;

    private AnswerStream(IAsyncEnumerator<InferAnswer> answers, bool hasAny) => (_answers, HasAny) = (answers, hasAny);

    /// <summary>Waits for the first answer, so that whatever refuses the request does so before anything was sent.</summary>
    public static async ValueTask<AnswerStream> BeginAsync(IReplica replica, InferRequest request, CancellationToken cancellationToken)
    {
        var answers = replica.Answers(request, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            return new AnswerStream(answers, await answers.MoveNextAsync());
        }
        catch
        {
            await answers.DisposeAsync();
            throw;
        }
    }

    public bool HasAny { get; }

    /// <summary>The answer at hand.</summary>
    public InferAnswer Current => _answers.Current;

    /// <returns>False after the last answer.</returns>
    /// <exception cref="NoCapacityException">The worker that answered is gone.</exception>
    public async ValueTask<bool> NextAsync()
    {
        try
        {
            return await _answers.MoveNextAsync();
        }
        catch (Exception error) when (Interrupted.Is(error))
        {
            throw Interrupted.Told(error);
        }
    }

    /// <summary>Ends the answers if they are not over.</summary>
    public ValueTask DisposeAsync() => _answers.DisposeAsync();
}
