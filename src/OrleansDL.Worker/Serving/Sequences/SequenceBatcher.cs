using OrleansDL.Serving.Batching;

namespace OrleansDL.Serving.Sequences;

/// <summary>
/// Runs the requests of sequences: those of one in their order, those of several together, each with what the model remembers of its own. One execution
/// at a time; the lock is held for decisions only.
/// </summary>
internal sealed class SequenceBatcher : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SequenceModel _model;
    private readonly SequenceSpec _spec;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly ITimer _timer;
    private readonly Dictionary<string, LiveSequence> _live = new(StringComparer.Ordinal);
    private readonly LiveSequence?[] _slots;
    private readonly Queue<LiveSequence> _backlog = new();
    private BatchHold _hold;
    private TimeSpan? _due;
    private int _waiting;
    private bool _isRunning;

    /// <param name="model">The model.</param>
    /// <param name="spec">The rules.</param>
    /// <param name="name">What messages call the model.</param>
    /// <param name="time">The clock of idle sequences.</param>
    /// <param name="hold">Nothing runs before so many requests wait in the places, and so many behind them. For tests that need batches of a known size.</param>
    public SequenceBatcher(SequenceModel model, SequenceSpec spec, string name, TimeProvider time, BatchHold hold = default)
    {
        (_model, _spec, _name, _time, _hold) = (model, spec, name, time, hold);
        _slots = new LiveSequence?[spec.MaximumSequences];
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(_ => EndIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What callers give and get.</summary>
    public ModelSignature Signature => _model.Signature;

    /// <summary>Requests that wait for their execution now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    private TimeSpan GreatestIdle => TimeSpan.FromMicroseconds(_spec.MaximumIdleMicroseconds);

    /// <exception cref="InvalidException">The request does not fit, is in no sequence, or in none that has begun.</exception>
    /// <exception cref="OverloadedException">The queue is full.</exception>
    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        if (request.Sequence is not { } step)
        {
            throw new InvalidException($"inference request to model '{_name}' must specify a non-zero or non-empty correlation ID");
        }

        _model.Check(request);
        cancellationToken.ThrowIfCancellationRequested();
        SequenceRequest pending;
        bool starts;
        lock (_gate)
        {
            var id = step.Id();
            var sequence = _live.GetValueOrDefault(id);
            if (!step.IsStart && sequence is null or { IsEnding: true })
            {
                throw new InvalidException($"inference request for sequence {id} to model '{_name}' must specify the START flag on the first request of the sequence");
            }

            if (_waiting >= _spec.MaximumQueue)
            {
                throw new OverloadedException("Exceeds maximum queue size");
            }

            sequence ??= Begin(id);
            pending = new SequenceRequest(request, Now, cancellationToken);
            sequence.Requests.Enqueue(pending);
            sequence.IsEnding = step.IsEnd;
            _waiting++;
            (starts, _isRunning) = (!_isRunning, true);
        }

        if (starts)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static batcher => _ = batcher.RunAsync(), this, preferLocal: false);
        }

        return await pending.Answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Nothing runs or waits any more: the owner has seen every request leave.</summary>
    public void Dispose() => _timer.Dispose();

    private async Task RunAsync()
    {
        while (Take() is { } rows)
        {
            (InferAnswer Answer, Tensor[] States)?[]? answers = null;
            Exception? failure = null;
            var began = Now;
            try
            {
                answers = await _model.RunAsync(rows);
            }
            catch (Exception error)
            {
                failure = error;
            }

            lock (_gate)
            {
                for (var row = 0; row < rows.Count; row++)
                {
                    if (rows[row] is { } taken)
                    {
                        Settle(taken.Sequence, taken.Request, answers?[row]?.States);
                    }
                }
            }

            for (var row = 0; row < rows.Count; row++)
            {
                if (rows[row]?.Request is { } request)
                {
                    Answer(request, answers?[row]?.Answer, failure, began);
                }
            }
        }
    }

    /// <summary>The requests to run now, in their places; null: nothing waits.</summary>
    private List<(LiveSequence Sequence, SequenceRequest Request)?>? Take()
    {
        lock (_gate)
        {
            foreach (var sequence in _slots)
            {
                DropLeft(sequence);
            }

            _due = null;
            var ready = _slots.OfType<LiveSequence>().Where(sequence => sequence.Requests.Count > 0).OrderBy(sequence => sequence.Requests.Peek().Arrived).ToList();
            if (ready.Count == 0 || Holds(ready.Count) || Waits(ready))
            {
                _isRunning = false;
                SetTimer();
                return null;
            }

            var first = ready[0].Requests.Peek().Request;
            var most = !_model.CanBatch ? 1 : _spec.Strategy is SequenceStrategy.Direct ? ready.Count : _spec.MaximumBatchSize;
            var together = ready.Where(sequence => SequenceModel.Fit(first, sequence.Requests.Peek().Request)).Take(most).ToList();
            var rows = new List<(LiveSequence, SequenceRequest)?>();
            if (_spec.Strategy is SequenceStrategy.Direct && _model.CanBatch)
            {
                rows.AddRange(Enumerable.Repeat<(LiveSequence, SequenceRequest)?>(null, together.Max(sequence => sequence.Slot) + 1));
                together.ForEach(sequence => rows[sequence.Slot] = (sequence, Dequeue(sequence)));
            }
            else
            {
                rows.AddRange(together.Select(sequence => ((LiveSequence, SequenceRequest)?)(sequence, Dequeue(sequence))));
            }

            return rows;
        }
    }

    /// <summary>Whether a test wants more to wait before anything runs. Where the oldest go first, one request of a sequence waits for its turn at a time, and the rest behind it.</summary>
    private bool Holds(int ready)
    {
        if (_hold == default)
        {
            return false;
        }

        var waiting = _spec.Strategy is SequenceStrategy.Oldest ? ready : _slots.Sum(sequence => sequence?.Requests.Count ?? 0);
        if (waiting < _hold.First || _backlog.Sum(sequence => sequence.Requests.Count) < _hold.Backlog)
        {
            return true;
        }

        _hold = default;
        return false;
    }

    /// <summary>Whether more sequences may come in time to be run along, and until when. Under the lock.</summary>
    /// <param name="ready">Those with a request, the oldest first.</param>
    private bool Waits(List<LiveSequence> ready)
    {
        if (_spec.MaximumDelayMicroseconds == 0 || !_model.CanBatch)
        {
            return false;
        }

        var isEnough = _spec.Strategy is SequenceStrategy.Direct
            ? ready.Count >= Math.Max(1, _spec.MinimumUtilization * _slots.Length)
            : ready.Count >= _spec.MaximumBatchSize || _spec.PreferredBatchSizes.Contains(ready.Count);
        var due = ready[0].Requests.Peek().Arrived + TimeSpan.FromMicroseconds(_spec.MaximumDelayMicroseconds);
        if (isEnough || due <= Now)
        {
            return false;
        }

        _due = due;
        return true;
    }

    private SequenceRequest Dequeue(LiveSequence sequence)
    {
        _waiting--;
        return sequence.Requests.Dequeue();
    }

    private void DropLeft(LiveSequence? sequence)
    {
        while (sequence?.Requests.TryPeek(out var request) is true && request.IsLeft)
        {
            Settle(sequence, Dequeue(sequence), states: null);
        }
    }

    /// <summary>What a request that ran leaves behind. Under the lock.</summary>
    /// <param name="states">What the model remembers now; null: it did not run, and remembers what it did before, unless a new sequence was to begin.</param>
    private void Settle(LiveSequence sequence, SequenceRequest request, Tensor[]? states)
    {
        sequence.States = states ?? (request.Step.IsStart ? null : sequence.States);
        sequence.LastUsed = Now;
        if (request.Step.IsEnd)
        {
            sequence.States = null;
            if (sequence.Requests.Count == 0)
            {
                End(sequence);
            }
        }
    }

    private static void Answer(SequenceRequest request, InferAnswer? answer, Exception? failure, TimeSpan began)
    {
        if (answer is null)
        {
            request.Answer.TrySetException(failure!);
            return;
        }

        var queue = (long)(began - request.Arrived).TotalNanoseconds;
        request.Answer.TrySetResult(new InferAnswer { Outputs = answer.Outputs, Top = answer.Top, Times = answer.Times is { } times ? times with { Queue = queue } : null });
    }

    private LiveSequence Begin(string id)
    {
        var sequence = _live[id] = new LiveSequence(id) { LastUsed = Now };
        var slot = Array.IndexOf(_slots, null);
        if (slot >= 0)
        {
            (_slots[slot], sequence.Slot) = (sequence, slot);
        }
        else
        {
            _backlog.Enqueue(sequence);
        }

        return sequence;
    }

    /// <summary>Gives its place to the one that has waited longest.</summary>
    private void End(LiveSequence sequence)
    {
        _live.Remove(sequence.Id);
        _slots[sequence.Slot] = _backlog.TryDequeue(out var next) ? next : null;
        if (next is not null)
        {
            next.Slot = sequence.Slot;
        }
    }

    private void EndIdle()
    {
        bool starts;
        lock (_gate)
        {
            if (_isRunning)
            {
                // Looked at again when nothing is to do.
                return;
            }

            foreach (var sequence in _slots.OfType<LiveSequence>().Where(sequence => sequence.Requests.Count == 0 && sequence.LastUsed + GreatestIdle <= Now).ToList())
            {
                End(sequence);
            }

            starts = _isRunning = _slots.Any(sequence => sequence?.Requests.Count > 0);
            SetTimer();
        }

        if (starts)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static batcher => _ = batcher.RunAsync(), this, preferLocal: false);
        }
    }

    /// <summary>To the end of the sequence that is over first if nothing comes, or of the wait for company.</summary>
    private void SetTimer()
    {
        var first = _slots.OfType<LiveSequence>().Where(sequence => sequence.Requests.Count == 0).Select(sequence => (TimeSpan?)(sequence.LastUsed + GreatestIdle)).Min();
        var next = first < _due || _due is null ? first : _due;
        _timer.Change(next is { } at ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((at - Now).TotalMilliseconds))) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
