using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace OrleansDL.Inference;

/// <summary>The options of executions that come one after the other, each of which may take so long and no longer.</summary>
/// <remarks>Two writes an execution, without a lock: the time it began tells one execution from the next.</remarks>
internal sealed class WatchedRun : IDisposable
{
    private const long Idle = 0;
    private const long Ending = -1;

    private readonly RunOptions _options = new();
    private readonly RunWatch? _watch;
    private readonly TimeSpan _limit;
    private readonly Action? _ended;
    private long _began;
    private volatile bool _isEnded;

    /// <param name="watch">Ends what takes too long; null: nothing does.</param>
    /// <param name="limit">How long one execution may take.</param>
    /// <param name="ended">Is told of one that took too long.</param>
    public WatchedRun(RunWatch? watch, TimeSpan limit, Action? ended)
    {
        (_watch, _limit, _ended) = (watch, limit, ended);
        _watch?.Add(this);
    }

    /// <summary>Executes, until it is over, cancelled or too long.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="OverloadedException">It took too long.</exception>
    public T Run<TContext, T>(string model, TContext context, Func<TContext, RunOptions, T> execute, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, _options)
            : default;
        if (_watch is not null)
        {
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
        }

        var isLate = false;
        try
        {
            return execute(context, _options);
        }
        catch (OnnxRuntimeException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            isLate = Over(registration);
            throw isLate
                ? new OverloadedException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The execution of model '{model}' took longer than {_limit.TotalSeconds} s and was ended. Send less at once, or raise the deployment's hangSeconds."))
                : new InvalidException($"model '{model}' refused the input: {error.Message}");
        }
        finally
        {
            if (Over(registration) || isLate || cancellationToken.IsCancellationRequested)
            {
                _options.Terminate = false;
            }
        }
    }

    /// <summary>Ends the execution at hand if it began too long ago.</summary>
    public void EndIfLate(long now)
    {
        var began = Volatile.Read(ref _began);
        if (began > Idle && Stopwatch.GetElapsedTime(began, now) > _limit && Interlocked.CompareExchange(ref _began, Ending, began) == began)
        {
            _options.Terminate = true;
            _isEnded = true;
            _ended?.Invoke();
        }
    }

    public void Dispose()
    {
        _watch?.Remove(this);
        _options.Dispose();
    }

    /// <summary>Nobody ends this execution any more. Whether it was too long.</summary>
    private bool Over(CancellationTokenRegistration registration)
    {
        registration.Dispose();
        if (_watch is null || Interlocked.Exchange(ref _began, Idle) != Ending)
        {
            return false;
        }

        // The one who ends it is between two lines.
        SpinWait.SpinUntil(() => _isEnded);
        _isEnded = false;
        return true;
    }
}
