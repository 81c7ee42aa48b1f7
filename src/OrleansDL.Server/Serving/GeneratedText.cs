namespace OrleansDL.Serving;

/// <summary>A text being continued, of which the first part has come.</summary>
internal sealed class GeneratedText : IAsyncDisposable
{
    private readonly IAsyncEnumerator<GeneratePiece> _pieces;

    private GeneratedText(IAsyncEnumerator<GeneratePiece> pieces) => _pieces = pieces;

    /// <summary>Waits for the first part, so that whatever refuses the request does so before anything was answered.</summary>
    public static async ValueTask<GeneratedText> BeginAsync(IReplica replica, GenerateRequest request, CancellationToken cancellationToken)
    {
        var pieces = replica.Generate(request, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            return await pieces.MoveNextAsync() ? new GeneratedText(pieces) : throw new NoCapacityException("The text ended without a last part. Ask again.");
        }
        catch
        {
            await pieces.DisposeAsync();
            throw;
        }
    }

    /// <summary>The part at hand.</summary>
    public GeneratePiece Current => _pieces.Current;

    /// <returns>False after the last part.</returns>
    /// <exception cref="NoCapacityException">The worker that went on with it is gone.</exception>
    public async ValueTask<bool> NextAsync()
    {
        try
        {
            return _pieces.Current.End is null && await _pieces.MoveNextAsync();
        }
        catch (Exception error) when (Interrupted.Is(error))
        {
            throw Interrupted.Told(error);
        }
    }

    /// <summary>Ends the text if it is not over.</summary>
    public ValueTask DisposeAsync() => _pieces.DisposeAsync();
}
