using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>The calls to one process of isolated models, any number at once.</summary>
internal sealed class PredictorConnection : IAsyncDisposable
{
    /// <summary>Calls at once, and so threads of the process at most; more wait.</summary>
    private const int MaximumCalls = 64;

    /// <summary>Requests of decoupled models at once, which hold no thread while nothing is made for them.</summary>
    private const int MaximumStreams = 1024;
    private static readonly TimeSpan StreamPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LoadLimit = TimeSpan.FromMinutes(10);

    /// <summary>How long a call that was told to end may take to do so, before the process ends around it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, PredictorCall> _calls = new();
    private readonly SemaphoreSlim _slots = new(MaximumCalls);
    private readonly SemaphoreSlim _streams = new(MaximumStreams);
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

    /// <summary>The answers of a decoupled model, as they are made. Whoever stops reading, or cancels, ends them.</summary>
    /// <exception cref="OrleansDLException">The model refused the request, or failed; or it is being unloaded.</exception>
    /// <exception cref="PredictorLostException">The process has ended.</exception>
    public async IAsyncEnumerable<InferAnswer> AnswersAsync(HostedModel model, InferRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!await _streams.WaitAsync(StreamPatience, cancellationToken))
        {
            throw new OverloadedException($"{MaximumStreams} requests to decoupled models of this project are not over on this worker. Try again, or end some.");
        }

        var number = Interlocked.Increment(ref _last);
        var call = new PredictorCall(model, Stopwatch.GetTimestamp(), model.Limit, new AnswerParts());
        if (!model.Streams.TryEnter(number, () => Leave(number, call)))
        {
            _streams.Release();
            throw new NoCapacityException($"Model '{model.Name}' is being unloaded and takes no more requests.");
        }

        var over = RunAsync(number, call, request);
        if (call.Parts!.AreLeft)
        {
            // The model was unloaded before it was sent.
            Cancel(number);
        }

        // Whoever has left does not look at how it ended.
        _ = over.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

        // Not only when the reader lets go: one on another node may be cancelled and never let go.
        await using var cancelled = cancellationToken.UnsafeRegister(_ => Leave(number, call), null);
        try
        {
            await foreach (var frame in call.Parts.ReadAsync(cancellationToken))
            {
                var answer = Read(frame);
                call.Parts.Take();
                call.Began = Stopwatch.GetTimestamp();
                using (var more = new FrameWriter(FrameKind.More, number))
                {
                    TrySend(more);
                }

                yield return answer;
            }

            await EndAsync(call, over);
        }
        finally
        {
            Leave(number, call);
        }
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

    /// <summary>Begins a call with parts, and ends when its last message has come.</summary>
    private async Task RunAsync(long number, PredictorCall call, InferRequest request)
    {
        try
        {
            // Each of the answers has a message of its own, and so has the request: a room would have to be kept as long as they come.
            using var frame = new FrameWriter(FrameKind.Stream, number).Int64(call.Model.Spec.Generation);
            TensorFrames.Write(frame, [request], null);
            await SendAsync(number, frame, call, CancellationToken.None);
        }
        finally
        {
            call.Parts!.End();
            call.Model.Streams.Leave(number);
            _streams.Release();
        }
    }

    /// <summary>Why the answers are over, where that is no good end.</summary>
    private static async Task EndAsync(PredictorCall call, Task over)
    {
        try
        {
            await over;
        }
        catch (OperationCanceledException) when (call.Parts!.IsForsaken)
        {
            throw new OverloadedException($"Nobody took an answer of model '{call.Model.Name}' for {call.Model.ReaderPatience:c}, and they were ended. Read them as they come.");
        }
        catch (OperationCanceledException) when (call.Model.Streams.AreEnded)
        {
            throw new NoCapacityException($"Model '{call.Model.Name}' was unloaded before the answers were over. Ask again.");
        }
    }

    /// <summary>Nobody wants more of the answers.</summary>
    private void Leave(long number, PredictorCall call)
    {
        if (call.Parts!.TryLeave() && _calls.ContainsKey(number))
        {
            // From here it has as long to end as for an answer.
            call.Began = Stopwatch.GetTimestamp();
            Cancel(number);
        }
    }

    private InferAnswer Read(Frame frame)
    {
        try
        {
            return TensorFrames.ReadAnswers(frame, null, out _) is [var answer] ? answer : throw new InvalidDataException("A part of an answer holds none or several.");
        }
        catch (InvalidDataException error)
        {
            _process.Kill($"ended, for it sent what is no message: {error.Message}");
            throw new PredictorLostException(error.Message, mayRetry: false);
        }
    }

    private Task<Frame> SendAsync(long number, FrameWriter frame, HostedModel model, TimeSpan limit, CancellationToken cancellationToken = default) =>
        SendAsync(number, frame, new PredictorCall(model, Stopwatch.GetTimestamp(), limit), cancellationToken);

    /// <summary>Sends a call and waits for its answer, which is no failure.</summary>
    private async Task<Frame> SendAsync(long number, FrameWriter frame, PredictorCall call, CancellationToken cancellationToken)
    {
        var (model, limit) = (call.Model, call.Limit);
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
                if (frame.Kind is FrameKind.Part)
                {
                    Take(frame);
                }
                else if (_calls.TryRemove(frame.Call, out var call))
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

    private void Take(Frame frame)
    {
        if (!_calls.TryGetValue(frame.Call, out var call))
        {
            return;
        }

        call.Began = Stopwatch.GetTimestamp();
        if (call.Parts?.TryAdd(frame) is not true)
        {
            throw new InvalidDataException("It sent a part of an answer that was not asked for.");
        }
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

            if (call is { IsLate: false, Parts.AreFull: true })
            {
                if (Stopwatch.GetElapsedTime(call.Began) > call.Model.ReaderPatience && call.Parts.TryForsake())
                {
                    call.Began = Stopwatch.GetTimestamp();
                    Cancel(number);
                }

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
