using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Generation;

/// <summary>A request of a decoupled model while its answers come.</summary>
internal sealed class DecoupledRun(Route route, AnswerStream answers, IServingObserver observer, ModelStatistics statistics, TimeProvider time, long started) : IAsyncDisposable
{
    private bool _hasBegun;

    /// <summary>What answers.</summary>
    public Route Route => route;

    /// <summary>Leads to deployment, model version, run and data.</summary>
    public Guid Id { get; } = InferenceId.New(route.Generation!.Value, time);

    /// <summary>The answer at hand.</summary>
    public InferAnswer Current => answers.Current;

    /// <summary>Goes on to the next answer, the first at first.</summary>
    /// <returns>False after the last.</returns>
    public async ValueTask<bool> NextAsync()
    {
        try
        {
            var hasMore = _hasBegun ? await answers.NextAsync() : answers.HasAny;
            _hasBegun = true;
            if (hasMore)
            {
                return true;
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            observer.OnError(route, time.GetElapsedTime(started), error is OrleansDLException known ? known.Status : 500);
            statistics.Fail.Add(time.GetElapsedTime(started));
            throw;
        }

        var whole = time.GetElapsedTime(started);
        observer.OnAnswer(route, whole, []);
        statistics.OnSuccess(whole, new InferTimes { Rows = 1 }, time.GetUtcNow());
        return false;
    }

    /// <summary>Ends the answers if they are not over.</summary>
    public ValueTask DisposeAsync() => answers.DisposeAsync();
}
