using System.Runtime.CompilerServices;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving.Generation;

/// <summary>A replica that says one word of a text and then thinks, until nobody waits for it any more.</summary>
internal sealed class EndlessText : IReplica
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first part was taken, and the next one is waited for.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Whoever asked first has left.</summary>
    public Task Left => _left.Task;

    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("It only continues texts.");

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("It only continues texts.");

    public async IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            yield return new GeneratePiece { Text = " well", Tokens = 1, GivenTokens = 3 };
            _begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _left.TrySetResult();
        }
    }
}
