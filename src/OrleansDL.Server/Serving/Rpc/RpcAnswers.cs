using System.Threading.Channels;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Rpc;

/// <summary>Answers on one stream that leave in the order of their requests, though these wait and run beside one another.</summary>
/// <param name="stream">Takes them, and ends with the first that failed.</param>
internal sealed class RpcAnswers(RpcTexts stream) : IAsyncDisposable
{
    /// <summary>Requests of one stream under way at most; the next is read when one has left.</summary>
    private const int Greatest = 1024;

    private readonly Channel<Task<ModelStreamInferResponse>> _order =
        Channel.CreateBounded<Task<ModelStreamInferResponse>>(new BoundedChannelOptions(Greatest) { SingleReader = true, SingleWriter = true });

    private Task? _writing;
    private int _waiting;

    /// <summary>Sends an answer as soon as those before it have left.</summary>
    public async ValueTask AddAsync(Task<ModelStreamInferResponse> answer)
    {
        if (answer.IsCompleted && Volatile.Read(ref _waiting) == 0)
        {
            await stream.WriteAsync(await answer);
            return;
        }

        Interlocked.Increment(ref _waiting);
        _writing ??= WriteAsync();
        await _order.Writer.WriteAsync(answer, stream.Ending);
    }

    /// <summary>Returns when all have left, or nobody reads them any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _order.Writer.TryComplete();
        await (_writing ?? Task.CompletedTask);
    }

    /// <summary>It does not fail: the stream is told.</summary>
    private async Task WriteAsync()
    {
        await foreach (var answer in _order.Reader.ReadAllAsync())
        {
            try
            {
                await stream.WriteAsync(await answer.WaitAsync(stream.Ending));
            }
            catch (Exception error)
            {
                await stream.FailAsync(error);
            }

            Interlocked.Decrement(ref _waiting);
        }
    }
}
