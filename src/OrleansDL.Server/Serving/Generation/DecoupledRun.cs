using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Generation;

/// <summary>A request of a decoupled model while its answers come.</summary>
internal sealed class DecoupledRun : IAsyncDisposable
{
    private readonly AnswerStream _answers;
    private readonly IServingObserver _observer;
    private readonly ModelStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly long _started;
    private long _since;
    private long _count;
    private bool _hasBegun;
    private bool _isOver;
    private InferTimes _times = new() { Rows = 1, BatchSize = 1, CountsExecution = true };

    /// <param name="route">What answers.</param>
    /// <param name="answers">Its answers; the first has come.</param>
    /// <param name="observer">Is told how it ended.</param>
    /// <param name="statistics">Counts it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="started">When the request came.</param>
    public DecoupledRun(Route route, AnswerStream answers, IServingObserver observer, ModelStatistics statistics, TimeProvider time, long started)
    {
        (Route, _answers, _observer, _statistics, _time, _started, _since) = (route, answers, observer, statistics, time, started, started);
        Id = InferenceId.New(route.Generation!.Value, time);
        if (answers.HasAny)
        {
            statistics.FirstResponse.Add(time.GetElapsedTime(started));
        }
    }

    /// <summary>What answers.</summary>
    public Route Route { get; }

    /// <summary>Leads to deployment, model version, run and data.</summary>
    public Guid Id { get; }

    /// <summary>The answer at hand.</summary>
    public InferAnswer Current => _answers.Current;

    /// <summary>Goes on to the next answer, the first at first.</summary>
    /// <returns>False after the last.</returns>
    public async ValueTask<bool> NextAsync()
    {
        bool hasMore;
        try
        {
            hasMore = _hasBegun ? await _answers.NextAsync() : _answers.HasAny;
            _hasBegun = true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            _isOver = true;
            _statistics.Response(_count).OnError(_time.GetElapsedTime(_since));
            _observer.OnError(Route, _time.GetElapsedTime(_started), error is OrleansDLException known ? known.Status : 500);
            _statistics.OnFailure(_time.GetElapsedTime(_started), error);
            throw;
        }

        if (hasMore)
        {
            var times = Current.Times ?? default;
            _times = _times with { Input = _times.Input + times.Input, Run = _times.Run + times.Run, Output = _times.Output + times.Output };
            _statistics.Response(_count++).OnAnswer(times);
            _since = _time.GetTimestamp();
            return true;
        }

        _isOver = true;
        var whole = _time.GetElapsedTime(_started);
        _statistics.Response(_count).OnEnd(_time.GetElapsedTime(_since));
        _observer.OnAnswer(Route, whole, []);
        _statistics.OnSuccess(whole, _times, _time.GetUtcNow());
        return false;
    }

    /// <summary>Ends the answers if they are not over.</summary>
    public ValueTask DisposeAsync()
    {
        if (!_isOver)
        {
            _isOver = true;
            _statistics.Response(_count).Cancel.Add(_time.GetElapsedTime(_since));
            _statistics.OnFailure(_time.GetElapsedTime(_started), new OperationCanceledException());
        }

        return _answers.DisposeAsync();
    }
}
