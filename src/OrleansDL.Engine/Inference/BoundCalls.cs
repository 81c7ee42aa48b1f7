using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Bound calls by input shape: as many of each as callers have needed at once.</summary>
internal sealed class BoundCalls(InferenceSession session, TensorSpec input, IReadOnlyList<TensorSpec> outputs, Func<WatchedRun> newRun) : IDisposable
{
    /// <summary>Shapes whose calls are kept. What comes after is bound, used once and let go: a caller of ever new shapes costs no memory.</summary>
    private const int GreatestKept = 64;

    private readonly ConcurrentDictionary<Shape, Stack<BoundCall>> _free = new();
    private volatile bool _disposed;

    public BoundCall Rent(ReadOnlySpan<long> shape)
    {
        if (_free.TryGetValue(new Shape(shape), out var calls))
        {
            // A lock held for a few instructions allocates nothing, which a lock-free stack does.
            lock (calls)
            {
                if (calls.TryPop(out var call))
                {
                    return call;
                }
            }
        }

        return new BoundCall(session, input, shape.ToArray(), outputs, newRun());
    }

    public void Return(BoundCall call)
    {
        var key = new Shape(call.Shape);
        if (!_free.TryGetValue(key, out var calls) && _free.Count < GreatestKept)
        {
            calls = _free.GetOrAdd(key, static _ => new Stack<BoundCall>());
        }

        if (calls is null || !TryKeep(calls, call))
        {
            call.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var calls in _free.Values)
        {
            lock (calls)
            {
                while (calls.TryPop(out var call))
                {
                    call.Dispose();
                }
            }
        }
    }

    private bool TryKeep(Stack<BoundCall> calls, BoundCall call)
    {
        lock (calls)
        {
            if (!_disposed)
            {
                calls.Push(call);
            }

            return !_disposed;
        }
    }
}
