using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Bound calls by input shape: as many of each as callers have needed at once.</summary>
internal sealed class BoundCalls(InferenceSession session, TensorSpec input, IReadOnlyList<TensorSpec> outputs) : IDisposable
{
    /// <summary>Shapes whose calls are kept. What comes after is bound, used once and let go: a caller of ever new shapes costs no memory.</summary>
    private const int GreatestKept = 64;

    private readonly ConcurrentDictionary<Shape, ConcurrentStack<BoundCall>> _free = new();
    private volatile bool _disposed;

    public BoundCall Rent(ReadOnlySpan<long> shape)
    {
        var key = new Shape(shape);
        return _free.TryGetValue(key, out var calls) && calls.TryPop(out var call)
            ? call
            : new BoundCall(session, input, shape.ToArray(), outputs);
    }

    public void Return(BoundCall call)
    {
        var key = new Shape(call.Shape);
        if (_disposed || (!_free.TryGetValue(key, out var calls) && _free.Count >= GreatestKept))
        {
            call.Dispose();
            return;
        }

        (calls ?? _free.GetOrAdd(key, static _ => new ConcurrentStack<BoundCall>())).Push(call);
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var call in _free.Values.SelectMany(calls => calls))
        {
            call.Dispose();
        }

        _free.Clear();
    }
}
