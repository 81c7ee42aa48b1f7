using System.Diagnostics;

namespace OrleansDL.Serving.Caching;

/// <summary>
/// The answers of one deployment on this server, those not asked for the longest going first. Equal requests at the same time are answered by one run. An answer is
/// found under the generation that gave it, so a new one never gives an old one's.
/// </summary>
internal sealed class ResponseCache(ResponseCacheSpec spec, TimeProvider time, ResponseCacheMeter meter)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<CacheKey, LinkedListNode<KeptAnswer>> _kept = [];
    private readonly LinkedList<KeptAnswer> _byUse = new();
    private readonly Dictionary<CacheKey, TaskCompletionSource<KeptAnswer?>> _running = [];
    private readonly long _lifetime = spec.Seconds > 0 ? (long)(spec.Seconds * time.TimestampFrequency) : 0;
    private long _bytes;
    private bool _closed;

    public ResponseCacheSpec Spec => spec;

    /// <summary>Bytes of the answers kept.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _kept.Count;
            }
        }
    }

    /// <summary>Answers from what is kept, or by a run, whose answer is kept then.</summary>
    /// <param name="route">What the request goes to now.</param>
    /// <param name="key">Of the request and the route's generation.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="forms">How answers of this kind are kept and given again.</param>
    /// <param name="cancellationToken">Ends the wait, and the run if it is this request's.</param>
    public async ValueTask<Answered<TAnswer>> AnswerAsync<TAnswer>(
        Route route, CacheKey key, Func<ValueTask<Answered<TAnswer>>> run, ICachedForm<TAnswer> forms, CancellationToken cancellationToken)
        where TAnswer : class
    {
        var began = Stopwatch.GetTimestamp();
        TaskCompletionSource<KeptAnswer?>? others = null;
        Task<KeptAnswer?>? leader = null;
        KeptAnswer? found;
        lock (_lock)
        {
            found = Find(key);
            if (found is null && _running.TryGetValue(key, out var running))
            {
                leader = running.Task;
            }
            else if (found is null)
            {
                _running[key] = others = new TaskCompletionSource<KeptAnswer?>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        if (found is not null)
        {
            meter.OnHit();
            return new Answered<TAnswer>(route, forms.Again((TAnswer)found.Answer, Stopwatch.GetElapsedTime(began)));
        }

        if (leader is not null)
        {
            if (await leader.WaitAsync(cancellationToken) is { } given)
            {
                meter.OnJoined();
                return new Answered<TAnswer>(given.Route, forms.Again((TAnswer)given.Answer, Stopwatch.GetElapsedTime(began)));
            }

            // What went wrong there, a caller that left for one, may have nothing to do with this one.
            return await run();
        }

        meter.OnMiss();
        var lookup = Stopwatch.GetElapsedTime(began);
        KeptAnswer? kept = null;
        try
        {
            var answered = await run();
            var store = Stopwatch.GetTimestamp();
            var answer = forms.Keep(answered.Answer, out var bytes);
            kept = new KeptAnswer(key, answered.Route, answer, bytes, _lifetime == 0 ? long.MaxValue : time.GetTimestamp() + _lifetime);
            if (answered.Route.Generation == route.Generation)
            {
                Keep(kept);
            }

            return answered with { Answer = forms.First(answered.Answer, lookup + Stopwatch.GetElapsedTime(store)) };
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(key);
            }

            others!.SetResult(kept);
        }
    }

    /// <summary>Lets go of all answers, and keeps none any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            while (_byUse.Last is { } node)
            {
                Drop(node);
            }
        }
    }

    private KeptAnswer? Find(CacheKey key)
    {
        if (!_kept.TryGetValue(key, out var node))
        {
            return null;
        }

        if (node.Value.Until <= time.GetTimestamp())
        {
            Drop(node);
            return null;
        }

        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value;
    }

    private void Keep(KeptAnswer answer)
    {
        if (answer.Bytes > spec.MaximumBytes)
        {
            return;
        }

        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            if (_kept.TryGetValue(answer.Key, out var before))
            {
                Drop(before);
            }

            while (_bytes + answer.Bytes > spec.MaximumBytes)
            {
                Drop(_byUse.Last!);
            }

            _kept[answer.Key] = _byUse.AddFirst(answer);
            _bytes += answer.Bytes;
            meter.OnBytes(answer.Bytes);
        }
    }

    private void Drop(LinkedListNode<KeptAnswer> node)
    {
        _byUse.Remove(node);
        _kept.Remove(node.Value.Key);
        _bytes -= node.Value.Bytes;
        meter.OnBytes(-node.Value.Bytes);
    }
}
