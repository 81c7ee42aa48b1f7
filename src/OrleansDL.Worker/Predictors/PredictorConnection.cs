using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>The calls to one process of isolated models, any number at once.</summary>
internal sealed class PredictorConnection : IAsyncDisposable
{
    /// <summary>Calls at once, and so threads of the process at most; more wait.</summary>
    private const int MaximumCalls = 64;
    private static readonly TimeSpan LoadLimit = TimeSpan.FromMinutes(10);

    /// <summary>How long a call that was told to end may take to do so, before the process ends around it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, PredictorCall> _calls = new();
    private readonly SemaphoreSlim _slots = new(MaximumCalls);
    private readonly PredictorProcess _process;
    private readonly Func<HostedModel, string, Task> _report;
    private readonly Action<PredictorConnection, string> _onLost;
    private readonly Rooms _rooms;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _pause = LongestPause;
    private long _last;

    /// <param name="process">Disposed with the connection.</param>
    /// <param name="report">Is told of calls that take too long.</param>
    /// <param name="onLost">Is told of the process's end before any call is.</param>
    /// <param name="time">The clock of the watch.</param>
    public PredictorConnection(PredictorProcess process, Func<HostedModel, string, Task> report, Action<PredictorConnection, string> onLost, TimeProvider time)
    {
        (_process, _report, _onLost) = (process, report, onLost);
        _rooms = new Rooms(process.RoomFolder);
        _timer = time.CreateTimer(_ => Watch(), null, LongestPause, LongestPause);
        new Thread(Receive) { IsBackground = true, Name = "isolated models" }.Start();
    }

    public int Pid => _process.Pid;

    /// <summary>What the process wrote last.</summary>
    public string Log => _process.Log;

    /// <summary>Ends with the process, and says how it ended.</summary>
    public Task<string> Lost => _lost.Task;

    /// <exception cref="OrleansDLException">It is no model that can be served.</exception>
    /// <exception cref="PredictorLostException">The process has ended.</exception>
    public async Task LoadAsync(HostedModel model)
    {
        var call = Interlocked.Increment(ref _last);
        using var frame = new FrameWriter(FrameKind.Load, call).Int64(model.Spec.Generation).Text(_process.PathOf(model.Folder)).Text(model.Name)
            .Bytes(JsonSerializer.SerializeToUtf8Bytes(model.Spec.Runtime, OdlJson.Options));
        var answer = await SendAsync(call, frame, model, LoadLimit);
        model.Facts = JsonSerializer.Deserialize<HostedFacts>(answer.Bytes().Span, OdlJson.Options)!;
        Heed(model.Limit);
    }

    /// <exception cref="PredictorLostException">The process has ended.</exception>
    public async Task UnloadAsync(HostedModel model)
    {
        var call = Interlocked.Increment(ref _last);
        using var frame = new FrameWriter(FrameKind.Unload, call).Int64(model.Spec.Generation);
        await SendAsync(call, frame, model, LoadLimit);
    }

    /// <summary>Runs requests as one.</summary>
    /// <exception cref="OrleansDLException">The model refused them.</exception>
    /// <exception cref="PredictorLostException">The process has ended.</exception>
    public async Task<InferAnswer[]> InferAsync(HostedModel model, IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        return await WhileWaitedForAsync(RunAsync(model, requests, cancellationToken), cancellationToken);
    }

    /// <summary>Takes raw rows through the model's own pipeline.</summary>
    /// <exception cref="OrleansDLException">The model refused them.</exception>
    /// <exception cref="PredictorLostException">The process has ended.</exception>
    public async Task<PredictAnswer> PredictAsync(HostedModel model, PredictRequest request, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        return await WhileWaitedForAsync(RunAsync(model, request, cancellationToken), cancellationToken);
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _process.Kill(null);
        await Lost;
    }

    /// <summary>A caller that is cancelled waits no longer; the call's slot and room are given back when the process is done with them.</summary>
    private static Task<T> WhileWaitedForAsync<T>(Task<T> call, CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled ? call.WaitAsync(cancellationToken) : call;

    private async Task<InferAnswer[]> RunAsync(HostedModel model, IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken)
    {
        RoomFile? room = null;
        try
        {
            var bytes = requests.Sum(request => TensorFrames.SizeOf(request.Inputs));
            var needed = Math.Max(bytes, model.AnswerBytes);
            room = needed > TensorFrames.MaximumInline ? _rooms.Rent(needed) : null;
            var call = Interlocked.Increment(ref _last);
            using var frame = new FrameWriter(FrameKind.Infer, call).Int64(model.Spec.Generation).Text(room?.Name ?? "");
            TensorFrames.Write(frame, requests, bytes > TensorFrames.MaximumInline ? room : null);
            var answer = await SendAsync(call, frame, model, model.Limit, cancellationToken);
            var answers = TensorFrames.ReadAnswers(answer, room, out var size);
            model.AnswerBytes = size;
            return answers.Length == requests.Count ? answers : throw new InvalidDataException($"{requests.Count} requests were answered by {answers.Length} answers.");
        }
        catch (InvalidDataException error)
        {
            // Whoever speaks like this is not trusted any further.
            _process.Kill($"ended, for it sent what is no message: {error.Message}");
            throw new PredictorLostException(error.Message, mayRetry: false);
        }
        finally
        {
            Return(room);
            _slots.Release();
        }
    }

    private async Task<PredictAnswer> RunAsync(HostedModel model, PredictRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var call = Interlocked.Increment(ref _last);
            using var frame = new FrameWriter(FrameKind.Predict, call).Int64(model.Spec.Generation).Int32(request.Top).Bytes(request.Rows.Span);
            return JsonSerializer.Deserialize<PredictAnswer>((await SendAsync(call, frame, model, model.Limit, cancellationToken)).Bytes().Span, OdlJson.Options)!;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Sends a call and waits for its answer, which is no failure.</summary>
    private async Task<Frame> SendAsync(long number, FrameWriter frame, HostedModel model, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var call = new PredictorCall(model, Stopwatch.GetTimestamp(), limit);
        _calls[number] = call;
        try
        {
            _process.Socket.Send(frame);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Nobody reads there any more: the thread that receives sees it too, and tells every call.
            _process.Kill("ended, for it did not take a message in time");
        }

        if (_lost.Task.IsCompleted && _calls.TryRemove(number, out _))
        {
            throw new PredictorLostException(await _lost.Task, mayRetry: true);
        }

        // Only what was sent can be cancelled there.
        await using var cancelled = CancelWith(number, cancellationToken);
        var answer = await call.Answer.Task;
        return answer.Kind is not FrameKind.Failed ? answer
            : call.IsLate ? throw new OverloadedException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The execution of model '{model.Name}' took longer than {limit.TotalSeconds} s and was ended. Send less at once, or raise the deployment's hangSeconds."))
            : throw PredictorErrors.Read(answer, model.Name);
    }

    private CancellationTokenRegistration CancelWith(long call, CancellationToken cancellationToken) => cancellationToken.CanBeCanceled
        ? cancellationToken.UnsafeRegister(_ => Cancel(call), null)
        : default;

    private void Cancel(long call)
    {
        using var frame = new FrameWriter(FrameKind.Cancel, call);
        TrySend(frame);
    }

    private void Return(RoomFile? room)
    {
        if (room is not null && _rooms.Return(room) is { } gone)
        {
            using var frame = new FrameWriter(FrameKind.Forget, 0).Text(gone.Name);
            TrySend(frame);
        }
    }

    private void TrySend(FrameWriter frame)
    {
        try
        {
            _process.Socket.Send(frame);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It has ended, and its end is told to every call.
        }
    }

    private void Receive()
    {
        try
        {
            while (_process.Socket.Receive() is { } frame)
            {
                if (_calls.TryRemove(frame.Call, out var call))
                {
                    call.Answer.TrySetResult(frame);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The same as its end.
        }
        catch (InvalidDataException error)
        {
            _process.Kill($"ended, for it sent what is no message: {error.Message}");
        }

        _ = LoseAsync();
    }

    private async Task LoseAsync()
    {
        // A process that closed its socket and goes on is of no use either; one that crashed is on its way out, and how is worth knowing.
        var ended = _process.WaitAsync();
        await Task.WhenAny(ended, Task.Delay(Grace));
        _process.Kill("ended, for it had closed its socket");
        var reason = await ended;
        _lost.TrySetResult(reason);
        _onLost(this, reason);
        var alone = _calls.Count == 1;
        foreach (var number in _calls.Keys)
        {
            if (_calls.TryRemove(number, out var call))
            {
                call.Answer.TrySetException(new PredictorLostException(reason, mayRetry: !alone && !call.IsLate));
            }
        }

        await _timer.DisposeAsync();
        _rooms.Dispose();
        await _process.DisposeAsync();
    }

    /// <summary>Looks often enough for a limit.</summary>
    private void Heed(TimeSpan limit)
    {
        if (limit / 4 < _pause)
        {
            _pause = limit / 4;
            _timer.Change(_pause, _pause);
        }
    }

    private void Watch()
    {
        foreach (var (number, call) in _calls)
        {
            var over = Stopwatch.GetElapsedTime(call.Began) - call.Limit;
            if (over <= TimeSpan.Zero)
            {
                continue;
            }

            if (!call.IsLate)
            {
                call.IsLate = true;
                Cancel(number);
                _ = _report(call.Model, TroubleReports.TooLong(call.Limit));
            }
            else if (over > Grace)
            {
                _process.Kill(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"ended, for model '{call.Model.Name}' ran longer than {call.Limit.TotalSeconds} s and did not stop when it was told to"));
            }
        }
    }
}
