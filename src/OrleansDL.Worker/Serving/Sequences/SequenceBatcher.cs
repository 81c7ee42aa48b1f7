using OrleansDL.Serving.Batching;

namespace OrleansDL.Serving.Sequences;

/// <summary>
/// Runs the requests of sequences: those of one in their order, those of several together, each with what the model remembers of its own. One execution
/// at a time for each instance; the lock is held for decisions only.
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
    private readonly SequenceLane[] _lanes;
    private readonly Queue<LiveSequence> _backlog = new();
    private BatchHold _hold;
    private int _waiting;

    /// <param name="model">The model.</param>
    /// <param name="spec">The rules.</param>
    /// <param name="name">What messages call the model.</param>
    /// <param name="time">The clock of idle sequences.</param>
    /// <param name="hold">Nothing runs before so many requests wait in the places, and so many behind them. For tests that need batches of a known size.</param>
    public SequenceBatcher(SequenceModel model, SequenceSpec spec, string name, TimeProvider time, BatchHold hold = default)
    {
        (_model, _spec, _name, _time, _hold) = (model, spec, name, time, hold);
        _lanes = [.. Enumerable.Range(0, Math.Max(1, spec.Instances)).Select(_ => new SequenceLane(spec.MaximumSequences))];
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
        List<SequenceLane>? starting;
        lock (_gate)
        {
            var id = step.Id();
            var sequence = _live.GetValueOrDefault(id);
            if (!step.IsStart && sequence is null)
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
            sequence.LastUsed = Now;
            _waiting++;
            if (step.IsEnd)
            {
                // What comes under the same id from here on is another sequence, with a place of its own.
                _live.Remove(id);
            }

            starting = _hold == default && sequence.Lane is { } own ? Wake([own]) : Wake(_lanes);
        }

        Start(starting);
        return await pending.Answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Nothing runs or waits any more: the owner has seen every request leave.</summary>
    public void Dispose() => _timer.Dispose();

    private async Task RunAsync(SequenceLane lane)
    {
        while (Take(lane) is { } rows)
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

    /// <summary>Those of some instances that have something to do and do nothing, which whoever asks must start. Under the lock.</summary>
    private List<SequenceLane>? Wake(ReadOnlySpan<SequenceLane> lanes)
    {
        if (Holds())
        {
            return null;
        }

        List<SequenceLane>? starting = null;
        foreach (var lane in lanes)
        {
            if (!lane.IsRunning && lane.Waiting > 0)
            {
                lane.IsRunning = true;
                (starting ??= []).Add(lane);
            }
        }

        return starting;
    }

    private void Start(List<SequenceLane>? lanes)
    {
        foreach (var lane in lanes ?? [])
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Batcher.RunAsync(work.Lane), (Batcher: this, Lane: lane), preferLocal: false);
        }
    }

    /// <summary>The requests to run now, in their places; null: nothing waits.</summary>
    private List<(LiveSequence Sequence, SequenceRequest Request)?>? Take(SequenceLane lane)
    {
        lock (_gate)
        {
            foreach (var sequence in lane.Slots)
            {
                DropLeft(sequence);
            }

            lane.Due = null;
            var ready = lane.Ready();
            if (ready.Count == 0 || Waits(lane, ready))
            {
                lane.IsRunning = false;
                SetTimer();
                return null;
            }

            var first = ready[0].Requests.Peek().Request;
            var isDirect = _spec.Strategy is SequenceStrategy.Direct;
            var most = !_model.CanBatch ? 1 : isDirect ? ready.Count : _spec.MaximumBatchSize;
            var together = ready.Where(sequence => SequenceModel.Fit(first, sequence.Requests.Peek().Request)).Take(most).ToList();
            if (!isDirect || !_model.CanBatch)
            {
                return [.. together.Select(sequence => ((LiveSequence, SequenceRequest)?)(sequence, Dequeue(sequence)))];
            }

            // As many places as have a request, whether or not it fits: who is in which place does not change from run to run.
            List<(LiveSequence, SequenceRequest)?> rows = [.. Enumerable.Repeat<(LiveSequence, SequenceRequest)?>(null, ready.Max(sequence => sequence.Slot) + 1)];
            together.ForEach(sequence => rows[sequence.Slot] = (sequence, Dequeue(sequence)));
            return rows;
        }
    }

    /// <summary>Whether a test wants more to wait before anything runs. Where the oldest go first, one request of a sequence waits for its turn at a time, and the rest behind it.</summary>
    private bool Holds()
    {
        if (_hold == default)
        {
            return false;
        }

        var waiting = _lanes.Sum(lane => _spec.Strategy is SequenceStrategy.Oldest ? lane.Slots.Count(sequence => sequence?.Requests.Count > 0) : lane.Waiting);
        if (waiting < _hold.First || _backlog.Sum(sequence => sequence.Requests.Count) < _hold.Backlog)
        {
            return true;
        }

        _hold = default;
        return false;
    }

    /// <summary>Whether more sequences may come in time to be run along, and until when. Under the lock.</summary>
    /// <param name="lane">Where.</param>
    /// <param name="ready">Those with a request, the oldest first.</param>
    private bool Waits(SequenceLane lane, List<LiveSequence> ready)
    {
        if (_spec.MaximumDelayMicroseconds == 0 || !_model.CanBatch)
        {
            return false;
        }

        var isEnough = _spec.Strategy is SequenceStrategy.Direct
            ? ready.Count >= Math.Max(1, _spec.MinimumUtilization * lane.Slots.Length)
            : ready.Count >= _spec.MaximumBatchSize || _spec.PreferredBatchSizes.Contains(ready.Count);
        var due = ready[0].Requests.Peek().Arrived + TimeSpan.FromMicroseconds(_spec.MaximumDelayMicroseconds);
        if (isEnough || due <= Now)
        {
            return false;
        }

        lane.Due = due;
        return true;
    }

    private SequenceRequest Dequeue(LiveSequence sequence)
    {
        _waiting--;
        sequence.IsRunning = true;
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
        (sequence.LastUsed, sequence.IsRunning) = (Now, false);
        if (request.Step.IsEnd)
        {
            End(sequence);
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
        var sequence = _live[id] = new LiveSequence(id);

        // The first place of each instance before the second of any.
        for (var slot = 0; slot < _spec.MaximumSequences; slot++)
        {
            foreach (var lane in _lanes)
            {
                if (lane.Slots[slot] is null)
                {
                    Place(sequence, lane, slot);
                    return sequence;
                }
            }
        }

        _backlog.Enqueue(sequence);
        return sequence;
    }

    private static void Place(LiveSequence sequence, SequenceLane lane, int slot) => (lane.Slots[slot], sequence.Lane, sequence.Slot) = (sequence, lane, slot);

    /// <summary>Gives its place to the one that has waited longest.</summary>
    private void End(LiveSequence sequence)
    {
        if (_live.GetValueOrDefault(sequence.Id) == sequence)
        {
            _live.Remove(sequence.Id);
        }

        sequence.Lane!.Slots[sequence.Slot] = null;
        if (_backlog.TryDequeue(out var next))
        {
            Place(next, sequence.Lane, sequence.Slot);
        }
    }

    private void EndIdle()
    {
        List<SequenceLane>? starting;
        lock (_gate)
        {
            foreach (var sequence in Idle().Where(sequence => sequence.LastUsed + GreatestIdle <= Now).ToList())
            {
                End(sequence);
            }

            starting = Wake(_lanes);
            SetTimer();
        }

        Start(starting);
    }

    private IEnumerable<LiveSequence> Idle() => _lanes.SelectMany(lane => lane.Slots).OfType<LiveSequence>().Where(sequence => sequence.Requests.Count == 0 && !sequence.IsRunning);

    /// <summary>To the end of the sequence that is over first if nothing comes, or of the wait for company.</summary>
    private void SetTimer()
    {
        // What is not idle yet may be when the clock rings, though an instance never rests.
        var first = Idle().Select(sequence => sequence.LastUsed + GreatestIdle).DefaultIfEmpty(_live.Count > 0 ? Now + GreatestIdle : TimeSpan.MaxValue).Min();
        var next = _lanes.Select(lane => lane.Due ?? TimeSpan.MaxValue).Append(first).Min();
        _timer.Change(next < TimeSpan.MaxValue ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((next - Now).TotalMilliseconds))) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
