using Microsoft.AspNetCore.Http;

namespace OrleansDL.Training.Sandbox;

/// <summary>Answers posts one after another and fifty a second at most: who sends more waits, and nobody else does.</summary>
/// <param name="time">The time.</param>
internal sealed class RequestPace(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);
    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    public async Task WaitAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
            return;
        }

        await _turn.WaitAsync(context.RequestAborted);
        try
        {
            await next(context);
            await Task.Delay(Every, time, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }
}
