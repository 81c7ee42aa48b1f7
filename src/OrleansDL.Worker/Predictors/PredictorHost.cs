using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OrleansDL.Serving;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Predictors;

/// <summary>The isolated models of one project on this worker: one process for all of them, started with the first, and started again when it ends.</summary>
internal sealed partial class PredictorHost(
    string project, string models, HostLimits limits, Isolation isolation, Func<HostedModel, string, Task> report, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long a request waits for a process that is being started.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan GreatestPause = TimeSpan.FromSeconds(30);

    /// <summary>A process that has lived so long begins anew with its pauses.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    /// <summary>How long a process without a model waits for the next.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private const int MaximumLoadCrashes = 3;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<long, HostedModel> _models = [];

    // What answers now; null while nothing does, and then _starting says when.
    private volatile PredictorConnection? _connection;
    private Task<PredictorConnection>? _starting;
    private string _reason = "";
    private int _failures;
    private long _upSince;
    private int _visits;

    /// <summary>What is done when its last model has gone, instead of keeping the process for the next.</summary>
    public Func<PredictorHost, Task>? Left { get; init; }

    /// <summary>The process, for tests that end it; null while there is none.</summary>
    public int? Pid => _connection?.Pid;

    /// <summary>Loads a model, and has it loaded in every process to come.</summary>
    /// <exception cref="OrleansDLException">It is no model that can be served; the message says why.</exception>
    public async Task LoadAsync(HostedModel model)
    {
        await _changing.WaitAsync();
        try
        {
            _visits++;
            for (var isLoaded = false; !isLoaded;)
            {
                var connection = await UpAsync(_closing.Token);
                await connection.LoadAsync(model);
                lock (_gate)
                {
                    // Another process that has come meanwhile was not told of it.
                    _models[model.Spec.Generation] = model;
                    isLoaded = _connection == connection;
                }
            }
        }
        catch (PredictorLostException lost)
        {
            throw new InvalidException($"The process for isolated models {lost.Message} while it loaded the model.");
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Frees a model and removes its files.</summary>
    public async Task UnloadAsync(HostedModel model)
    {
        var isLast = false;
        await _changing.WaitAsync();
        try
        {
            lock (_gate)
            {
                _models.Remove(model.Spec.Generation);
                isLast = _models.Count == 0;
            }

            if (_connection is { } connection)
            {
                await connection.UnloadAsync(model);
            }

            if (isLast && Left is null)
            {
                _ = EndIdleAsync(++_visits);
            }
        }
        catch (PredictorLostException)
        {
            // It has unloaded everything.
        }
        finally
        {
            try
            {
                Directory.Delete(model.Folder, recursive: true);
            }
            finally
            {
                _changing.Release();
                if (isLast && Left is not null)
                {
                    await Left(this);
                }
            }
        }
    }

    /// <summary>Runs requests as one. What was in flight with others when the process ended is asked once more of the next.</summary>
    public Task<InferAnswer[]> InferAsync(HostedModel model, IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken) =>
        CallAsync(model, requests, static (connection, model, requests, cancellationToken) => connection.InferAsync(model, requests, cancellationToken), cancellationToken);

    /// <summary>Takes raw rows through the model's own pipeline.</summary>
    public Task<PredictAnswer> PredictAsync(HostedModel model, PredictRequest request, CancellationToken cancellationToken) =>
        CallAsync(model, request, static (connection, model, request, cancellationToken) => connection.PredictAsync(model, request, cancellationToken), cancellationToken);

    /// <summary>The answers of a decoupled model as they are made. A process that ends takes them with it, unless none was given yet: then it is asked once more, as for one answer.</summary>
    public async IAsyncEnumerable<InferAnswer> AnswersAsync(HostedModel model, InferRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answers = (await LiveAsync(model, cancellationToken)).AnswersAsync(model, request, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            for (var (isFirst, hasMore) = (true, true); ;)
            {
                try
                {
                    hasMore = await answers.MoveNextAsync();
                }
                catch (PredictorLostException lost) when (isFirst && lost.MayRetry)
                {
                    LogRetried(model.Name, lost.Message);
                    isFirst = false;
                    await answers.DisposeAsync();
                    answers = (await LiveAsync(model, cancellationToken)).AnswersAsync(model, request, cancellationToken).GetAsyncEnumerator(cancellationToken);
                    continue;
                }
                catch (PredictorLostException lost)
                {
                    throw Ended(model, lost);
                }

                if (!hasMore)
                {
                    yield break;
                }

                isFirst = false;
                yield return answers.Current;
            }
        }
        finally
        {
            await answers.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (_starting is { } starting)
        {
            await ((Task)starting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        PredictorConnection? connection;
        lock (_gate)
        {
            _models.Clear();
            (connection, _connection) = (_connection, null);
        }

        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        // What was being unloaded is, now that the process has ended.
        await _changing.WaitAsync();
        _closing.Dispose();
        _changing.Dispose();
    }

    private async Task<TAnswer> CallAsync<TRequest, TAnswer>(
        HostedModel model, TRequest request, Func<PredictorConnection, HostedModel, TRequest, CancellationToken, Task<TAnswer>> send, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return await send(await LiveAsync(model, cancellationToken), model, request, cancellationToken);
            }
            catch (PredictorLostException lost) when (isFirst && lost.MayRetry)
            {
                LogRetried(model.Name, lost.Message);
            }
            catch (PredictorLostException lost)
            {
                throw Ended(model, lost);
            }
        }
    }

    private async ValueTask<PredictorConnection> LiveAsync(HostedModel model, CancellationToken cancellationToken)
    {
        var connection = _connection is { Lost.IsCompleted: false } live ? live : await UpAsync(cancellationToken);
        return model.Error is { } error ? throw new NoCapacityException($"Model '{model.Name}' could not be loaded again after its process had ended: {error}") : connection;
    }

    /// <summary>Not for want of capacity: another worker that was asked for the same would only end too.</summary>
    private static OverloadedException Ended(HostedModel model, PredictorLostException lost) =>
        new($"The process that ran model '{model.Name}' {lost.Message}. It is started again; try again.");

    private async Task<PredictorConnection> UpAsync(CancellationToken cancellationToken)
    {
        if (_connection is { Lost.IsCompleted: true } ended)
        {
            OnLost(ended, await ended.Lost);
        }

        Task<PredictorConnection> starting;
        lock (_gate)
        {
            if (_connection is { } connection)
            {
                return connection;
            }

            starting = _starting ??= Task.Run(StartAsync, CancellationToken.None);
        }

        try
        {
            return await starting.WaitAsync(StartPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new NoCapacityException($"The process for isolated models of project '{project}' is not there: the last one {_reason}. It is started again; try again.");
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            throw new NoCapacityException("The worker is stopping.");
        }
    }

    /// <summary>Starts a process, and another when it fails, as long as there are models for it.</summary>
    private async Task<PredictorConnection> StartAsync()
    {
        while (true)
        {
            var pause = _failures == 0 ? TimeSpan.Zero : FirstPause * Math.Pow(2, Math.Min(_failures - 1, 10));
            await Task.Delay(pause < GreatestPause ? pause : GreatestPause, time, _closing.Token);
            try
            {
                var began = time.GetTimestamp();
                var process = await PredictorProcess.StartAsync(await isolation.FoundAsync(), models, limits, time);
                var connection = await FillAsync(new PredictorConnection(process, report, OnLost, time));
                lock (_gate)
                {
                    if (!connection.Lost.IsCompleted)
                    {
                        (_connection, _starting, _upSince) = (connection, null, time.GetTimestamp());
                    }
                }

                if (connection.Lost.IsCompleted)
                {
                    throw new PredictorLostException(await connection.Lost, mayRetry: false);
                }

                LogStarted(project, connection.Pid, time.GetElapsedTime(began).TotalMilliseconds);
                return connection;
            }
            catch (PredictorLostException lost)
            {
                _failures++;
                _reason = lost.Message;
                LogNotStarted(project, lost.Message);
                lock (_gate)
                {
                    if (_models.Count == 0)
                    {
                        // Whoever wanted it hears of it, and the next one tries anew.
                        (_starting, _failures) = (null, 0);
                        throw;
                    }
                }
            }
            catch
            {
                lock (_gate)
                {
                    _starting = null;
                }

                throw;
            }
        }
    }

    /// <summary>Loads the models that the process before had. One that a process ends over again and again is left out, so that the others come back.</summary>
    private async Task<PredictorConnection> FillAsync(PredictorConnection connection)
    {
        List<HostedModel> wanted;
        lock (_gate)
        {
            wanted = [.. _models.Values.OrderBy(model => model.LoadCrashes)];
        }

        foreach (var model in wanted.Where(model => model.LoadCrashes < MaximumLoadCrashes))
        {
            try
            {
                await connection.LoadAsync(model);
                model.Error = null;
            }
            catch (OrleansDLException error)
            {
                model.Error = error.Message;
            }
            catch (PredictorLostException lost)
            {
                model.LoadCrashes++;
                model.Error = lost.Message;
                throw;
            }
        }

        return connection;
    }

    /// <summary>The process has ended. Whoever notices it first starts the next, before any call hears of it.</summary>
    private void OnLost(PredictorConnection connection, string reason)
    {
        List<HostedModel> lost;
        lock (_gate)
        {
            if (_connection != connection)
            {
                // It was let go, or is known already.
                return;
            }

            _failures = time.GetElapsedTime(_upSince) > Healthy ? 1 : _failures + 1;
            _reason = reason;
            lost = [.. _models.Values];
            _connection = null;
            _starting = lost.Count > 0 ? Task.Run(StartAsync, CancellationToken.None) : null;
        }

        LogLost(project, connection.Pid, reason, string.Join(", ", lost.Select(model => model.Name)), connection.Log);
        foreach (var model in lost)
        {
            _ = report(model, $"Its process {reason}, and is started again.");
        }
    }

    private async Task EndIdleAsync(int visit)
    {
        await Task.Delay(Idle, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        PredictorConnection? idle = null;
        lock (_gate)
        {
            if (_models.Count == 0 && visit == _visits && !_closing.IsCancellationRequested)
            {
                (idle, _connection) = (_connection, null);
            }
        }

        if (idle is not null)
        {
            await idle.DisposeAsync();
        }
    }

    [LoggerMessage(LogLevel.Information, "Process {Pid} hosts the isolated models of project {Project}; it was started in {Milliseconds:F0} ms")]
    private partial void LogStarted(string project, int pid, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "The process for isolated models of project {Project} did not start: {Reason}. It is tried again")]
    private partial void LogNotStarted(string project, string reason);

    [LoggerMessage(LogLevel.Warning, "Process {Pid} of the isolated models of project {Project} {Reason}. It is started again with {Models}. It had written: {Log}")]
    private partial void LogLost(string project, int pid, string reason, string models, string log);

    [LoggerMessage(LogLevel.Debug, "A request of model {Model} is made once more: its process {Reason}")]
    private partial void LogRetried(string model, string reason);
}
