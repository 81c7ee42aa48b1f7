using OrleansDL.Inference.Generation;

namespace OrleansDL.Serving.Generation;

/// <summary>
/// Continues texts side by side: at every token some may join and some may leave. One thread at a time works for all, and none while there is nothing to
/// do. A text's tokens follow from it, its request and its seed, whatever runs beside it.
/// </summary>
internal sealed class Generator : IDisposable
{
    private const int StandardTexts = 8;
    private const int StandardQueue = 256;

    /// <summary>Tokens of new texts seen between two tokens of the others: so long do those wait for a newcomer at most.</summary>
    private const int SeenAtOnce = 64;

    private readonly Lock _gate = new();

    /// <summary>Held by who works with the model, as long as there is work.</summary>
    private readonly Lock _work = new();
    private readonly GenerationModel _model;
    private readonly ITokenRows _rows;
    private readonly BatchingSpec? _spec;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly int _most;
    private readonly List<Continuation> _waiting = [];

    /// <summary>Those that get a token at each step, each in the row of its place.</summary>
    private readonly List<Continuation> _active = [];
    private readonly long[] _tokens;
    private readonly float[] _logits;

    /// <summary>The one whose text is being seen, in the row behind the active ones.</summary>
    private Continuation? _joining;
    private TaskCompletionSource _idle = Completed();
    private bool _isClosed;
    private bool _isEnding;

    /// <param name="model">Disposed with the generator.</param>
    /// <param name="spec">Texts side by side (<see cref="BatchingSpec.MaximumBatchSize"/>), how many may wait and how long; null: 8 texts, 256 waiting for as long as it takes.</param>
    /// <param name="time">The clock of waits.</param>
    /// <param name="rows">Where the texts lie; null: rows of the model.</param>
    public Generator(GenerationModel model, BatchingSpec? spec, TimeProvider time, ITokenRows? rows = null)
    {
        (_model, _spec, _time) = (model, spec, time);
        _most = spec?.MaximumBatchSize ?? StandardTexts;
        _rows = rows ?? model.NewRows(_most);
        _tokens = new long[_most];
        _logits = new float[checked(_most * model.TokenCount)];
        _origin = time.GetTimestamp();
    }

    public GenerationFacts Facts => new() { MaximumTokens = _model.MaximumTokens, Cached = _model.IsCached };

    /// <summary>Whether no text is waiting or being continued.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _idle.Task.IsCompleted;
            }
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    /// <exception cref="InvalidException">The request is out of range.</exception>
    /// <exception cref="TextTooLongException">Its text is too long.</exception>
    /// <exception cref="OverloadedException">The queue is full; later, the text waited longer than it may.</exception>
    /// <exception cref="NoCapacityException">The generation is being unloaded.</exception>
    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken)
    {
        GenerateRequestRules.Check(request);
        cancellationToken.ThrowIfCancellationRequested();
        var wait = request.TimeoutMicroseconds > 0 && _spec?.AllowTimeoutOverride is not false ? request.TimeoutMicroseconds : _spec?.TimeoutMicroseconds ?? 0;
        var continuation = new Continuation(request, _model.Encode(request.Text), _model, wait > 0 ? Now + TimeSpan.FromMicroseconds(wait) : null, cancellationToken);
        lock (_gate)
        {
            if (_isClosed)
            {
                throw new NoCapacityException("This generation is being unloaded and continues no more texts.");
            }

            DropLeft();
            if (_waiting.Count >= (_spec?.MaximumQueue ?? StandardQueue))
            {
                throw new OverloadedException("Exceeds maximum queue size");
            }

            _waiting.Add(continuation);
            if (_idle.Task.IsCompleted)
            {
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                ThreadPool.UnsafeQueueUserWorkItem(static generator => generator.Run(), this, preferLocal: false);
            }
        }

        return continuation.ReadAsync(CancellationToken.None);
    }

    /// <summary>Lets no more texts in, and returns when those there are over or the time is.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        Task idle;
        lock (_gate)
        {
            _isClosed = true;
            idle = _idle.Task;
        }

        await idle.WaitAsync(limit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends what is not over yet, and frees the model.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _isEnding = true;
        }

        lock (_work)
        {
            TryGoOn();
            _rows.Dispose();
            _model.Dispose();
        }
    }

    private void Run()
    {
        lock (_work)
        {
            while (TryGoOn())
            {
                See();
                Step();
                Leave();
            }
        }
    }

    /// <summary>Whether there is something to do; else the next request starts the work again.</summary>
    private bool TryGoOn()
    {
        lock (_gate)
        {
            if (_isEnding)
            {
                var ended = new NoCapacityException("The model was unloaded before the text was over. Ask again.");
                _waiting.Concat(_active).Concat(_joining is null ? [] : [_joining]).ToList().ForEach(continuation => continuation.Fail(ended));
                _waiting.Clear();
                _active.Clear();
                _joining = null;
            }

            DropLeft();
            if (_waiting.Count + _active.Count > 0 || _joining is not null)
            {
                return true;
            }

            _idle.TrySetResult();
            return false;
        }
    }

    /// <summary>Has the model see texts that join, up to <see cref="SeenAtOnce"/> tokens.</summary>
    private void See()
    {
        var left = SeenAtOnce;
        while (left > 0 && (_joining ??= Next()) is { } joining)
        {
            var logits = _logits.AsSpan(0, _model.TokenCount);
            var tokens = joining.Unseen[..Math.Min(left, joining.Unseen.Length)];
            try
            {
                _rows.Feed(_active.Count, tokens, logits);
            }
            catch (Exception error)
            {
                joining.Fail(error);
                _rows.Clear(_active.Count);
                _joining = null;
                continue;
            }

            left -= tokens.Length;
            joining.Seen += tokens.Length;
            if (joining.Unseen.IsEmpty)
            {
                joining.Add(logits);
                _active.Add(joining);
                _joining = null;
                Leave();
            }
        }
    }

    private Continuation? Next()
    {
        lock (_gate)
        {
            if (_active.Count == _most || _waiting.Count == 0)
            {
                return null;
            }

            var next = _waiting[0];
            _waiting.RemoveAt(0);
            return next;
        }
    }

    /// <summary>One token for each active text.</summary>
    private void Step()
    {
        if (_active.Count == 0)
        {
            return;
        }

        var tokens = _tokens.AsSpan(0, _active.Count);
        for (var row = 0; row < tokens.Length; row++)
        {
            tokens[row] = _active[row].Last;
        }

        try
        {
            _rows.Step(tokens, _logits.AsSpan(0, tokens.Length * _model.TokenCount));
        }
        catch (Exception error)
        {
            _active.ForEach(continuation => continuation.Fail(error));
            return;
        }

        for (var row = 0; row < tokens.Length; row++)
        {
            _active[row].Add(_logits.AsSpan(row * _model.TokenCount, _model.TokenCount));
        }
    }

    /// <summary>Takes out those that are over, or that nobody waits for. The last takes the place of each, and the one that joins stays behind the last.</summary>
    private void Leave()
    {
        for (var row = _active.Count - 1; row >= 0; row--)
        {
            if (!_active[row].IsOver && !_active[row].IsLeft)
            {
                continue;
            }

            var last = _active.Count - 1;
            _rows.Clear(row);
            if (row < last)
            {
                _rows.Move(last, row);
                _active[row] = _active[last];
            }

            _active.RemoveAt(last);
            if (_joining is not null)
            {
                _rows.Move(last + 1, last);
            }
        }

        if (_joining is { IsLeft: true })
        {
            _rows.Clear(_active.Count);
            _joining = null;
        }
    }

    /// <summary>Under the lock.</summary>
    private void DropLeft()
    {
        var now = Now;
        _waiting.RemoveAll(continuation =>
        {
            if (continuation.Deadline <= now)
            {
                continuation.Fail(new OverloadedException("Request timeout expired"));
                return true;
            }

            return continuation.IsLeft;
        });
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }
}
