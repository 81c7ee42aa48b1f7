using System.Collections.Concurrent;

namespace OrleansDL.Serving.Statistics;

/// <summary>What the protocol's statistics extension tells of one served version since this node started.</summary>
internal sealed class ModelStatistics
{
    /// <summary>Answers of a request that are counted by their number; those behind count with the last of them.</summary>
    private const int MaximumResponses = 256;

    private readonly ConcurrentDictionary<int, BatchStatistics> _batches = new();
    private readonly Lazy<ConcurrentDictionary<int, ResponseStatistics>> _responses = new(static () => new());
    private readonly long[] _failures = new long[Enum.GetValues<FailureReason>().Length];
    private long _lastInference;
    private long _inferences;
    private long _executions;

    public PhaseTime Success { get; } = new();

    public PhaseTime Fail { get; } = new();

    /// <summary>From the arrival at the replica to the start of the execution.</summary>
    public PhaseTime Queue { get; } = new();

    public PhaseTime ComputeInput { get; } = new();

    public PhaseTime ComputeInfer { get; } = new();

    public PhaseTime ComputeOutput { get; } = new();

    /// <summary>Answers from the response cache: the time it took to find them.</summary>
    public PhaseTime CacheHit { get; } = new();

    /// <summary>Requests the response cache had no answer for: the time it took to look, and to keep theirs.</summary>
    public PhaseTime CacheMiss { get; } = new();

    /// <summary>Of texts that are continued and decoupled models: from the request to the first part of its answer.</summary>
    public PhaseTime FirstResponse { get; } = new([100_000, 500_000, 2_000_000, 5_000_000]);

    /// <summary>Rows answered.</summary>
    public long Inferences => Volatile.Read(ref _inferences);

    /// <summary>Runs of the model; fewer than requests where requests run together.</summary>
    public long Executions => Volatile.Read(ref _executions);

    /// <summary>Executions by their number of rows, ascending.</summary>
    public IEnumerable<(int Rows, BatchStatistics Statistics)> Batches => _batches.OrderBy(batch => batch.Key).Select(batch => (batch.Key, batch.Value));

    /// <summary>Answers of decoupled models by their number in the request, from 0, ascending.</summary>
    public IEnumerable<(int Number, ResponseStatistics Statistics)> Responses =>
        _responses.IsValueCreated ? _responses.Value.OrderBy(response => response.Key).Select(response => (response.Key, response.Value)) : [];

    /// <summary>Milliseconds since 1970; 0 before the first.</summary>
    public long LastInference => Volatile.Read(ref _lastInference);

    /// <param name="number">Which of a request's answers, from 0.</param>
    public ResponseStatistics Response(long number) => _responses.Value.GetOrAdd((int)Math.Min(number, MaximumResponses - 1), static _ => new ResponseStatistics());

    public long FailuresFor(FailureReason reason) => Volatile.Read(ref _failures[(int)reason]);

    /// <param name="total">From the request's first byte to the error.</param>
    /// <param name="error">What its caller is told.</param>
    public void OnFailure(TimeSpan total, Exception error)
    {
        Fail.Add(total);
        Interlocked.Increment(ref _failures[(int)ReasonOf(error)]);
    }

    private static FailureReason ReasonOf(Exception error) => error switch
    {
        OperationCanceledException => FailureReason.Canceled,
        OverloadedException or RateLimitedException or NoCapacityException or TimeoutException => FailureReason.Rejected,
        OrleansDLException or Protocol.InferenceProtocolException => FailureReason.Other,
        _ => FailureReason.Backend,
    };

    /// <param name="total">From the request's first byte to the answer ready to send.</param>
    /// <param name="times">Where the replica's part of it went.</param>
    /// <param name="now">The time.</param>
    public void OnSuccess(TimeSpan total, InferTimes times, DateTimeOffset now)
    {
        Success.Add(total);
        Queue.Add(times.Queue);
        Volatile.Write(ref _lastInference, now.ToUnixTimeMilliseconds());
        if (times.CacheHit)
        {
            CacheHit.Add(times.Cache);
            return;
        }

        if (times.Cache > 0)
        {
            CacheMiss.Add(times.Cache);
        }

        ComputeInput.Add(times.Input);
        ComputeInfer.Add(times.Run);
        ComputeOutput.Add(times.Output);
        Interlocked.Add(ref _inferences, times.Rows);
        if (times.CountsExecution)
        {
            Interlocked.Increment(ref _executions);
            _batches.GetOrAdd(times.BatchSize, static _ => new BatchStatistics()).Add(times);
        }
    }
}
