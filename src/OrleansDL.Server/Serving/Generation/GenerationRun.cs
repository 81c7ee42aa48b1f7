using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Generation;

/// <summary>A text being continued, its first part at hand.</summary>
internal sealed class GenerationRun : IAsyncDisposable
{
    private readonly GeneratedText _text;
    private readonly IServingObserver _observer;
    private readonly ModelStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly TimeSpan _first;
    private bool _isOver;

    public GenerationRun(Route route, GeneratedText text, IServingObserver observer, ModelStatistics statistics, TimeProvider time, long started)
    {
        (Route, _text, _observer, _statistics, _time, _started) = (route, text, observer, statistics, time, started);
        _first = time.GetElapsedTime(started);
        statistics.FirstResponse.Add(_first);
        Id = InferenceId.New(route.Generation!.Value, time);
    }

    /// <summary>What answers.</summary>
    public Route Route { get; }

    /// <summary>Leads to deployment, model version, run and data.</summary>
    public Guid Id { get; }

    /// <summary>What is done beside answering; null: nothing.</summary>
    public ToldText? Told { private get; init; }

    /// <summary>The part at hand.</summary>
    public GeneratePiece Current => _text.Current;

    /// <returns>False after the last part.</returns>
    public async ValueTask<bool> NextAsync()
    {
        Told?.Add(Current);
        try
        {
            if (await _text.NextAsync())
            {
                return true;
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            _isOver = true;
            _observer.OnError(Route, _time.GetElapsedTime(_started), error is OrleansDLException known ? known.Status : 500);
            _statistics.Fail.Add(_time.GetElapsedTime(_started));
            throw;
        }

        Told?.End(Route, Id, Current);
        _isOver = true;
        var whole = _time.GetElapsedTime(_started);
        _observer.OnAnswer(Route, whole, []);
        _observer.OnText(Route, _first, whole, Current.Tokens);
        _statistics.OnSuccess(whole, new InferTimes { Rows = 1 }, _time.GetUtcNow());
        return false;
    }

    /// <summary>All the text there is, to its end.</summary>
    public async Task<string> RestAsync()
    {
        var text = new System.Text.StringBuilder();
        do
        {
            text.Append(Current.Text);
        }
        while (await NextAsync());
        return text.ToString();
    }

    /// <summary>Ends the text if it is not over.</summary>
    public ValueTask DisposeAsync()
    {
        if (!_isOver)
        {
            _isOver = true;
            _statistics.OnFailure(_time.GetElapsedTime(_started), new OperationCanceledException());
        }

        return _text.DisposeAsync();
    }
}
