using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using OrleansDL.Inference;
using OrleansDL.Native;
using OrleansDL.Predictors;
using OrleansDL.Serving;

namespace OrleansDL.Runner.Predictors;

/// <summary>Hosts the isolated models of a project: one worker asks, over one socket, until it closes.</summary>
/// <remarks>
/// Who has received a message deals with it on the same thread, and another thread receives the next: a small model's request is answered without
/// waking anybody in between. The worker keeps the number of calls bounded, and with it the threads.
/// </remarks>
internal sealed class PredictorServer(FrameSocket socket, string folder)
{
    /// <summary>Answers of a request that may be on their way to who reads them; the worker counts the same.</summary>
    private const int PartWindow = 8;

    /// <summary>Threads of the pool that are there at once when they are wanted: predictors that answer any number of times may block theirs.</summary>
    private const int ReadyThreads = 64;

    /// <summary>Has this program host models.</summary>
    public const string Argument = "serve";

    private readonly ConcurrentDictionary<long, HeldModel> _models = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _running = new();
    private readonly ConcurrentDictionary<string, MappedRoom> _rooms = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, SemaphoreSlim> _windows = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _receiving = new();
    private int _idle;

    /// <summary>Serves the worker at <c>ODL_SOCKET</c>, with rooms for tensors in <c>ODL_OUTPUT_DIR</c>, until it closes the socket.</summary>
    public static async Task<int> RunAsync(Func<string, string?> of)
    {
        string Variable(string name) => of(name) is { Length: > 0 } value
            ? value
            : throw new InvalidException($"{name} is not set. This program is started by a worker, to host models.");
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(Variable("ODL_SOCKET")));
        using var socket = new FrameSocket(connection);
        using (var hello = new FrameWriter(FrameKind.Hello, 0))
        {
            socket.Send(hello.Text(PredictorBuild.Id));
        }

        ThreadPool.GetMinThreads(out _, out var completions);
        ThreadPool.SetMinThreads(ReadyThreads, completions);
        var server = new PredictorServer(socket, Variable("ODL_OUTPUT_DIR"));
        server.StartThread();
        await server._over.Task;
        return ExitCodes.Done;
    }

    private void StartThread() => new Thread(Serve) { IsBackground = true, Name = "predictor" }.Start();

    private void Serve()
    {
        try
        {
            while (Receive() is { } frame)
            {
                Handle(frame);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The worker has gone: there is nobody to tell.
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
        }

        _over.TrySetResult();
    }

    private Frame? Receive()
    {
        Interlocked.Increment(ref _idle);
        Frame? frame;
        lock (_receiving)
        {
            frame = socket.Receive();
            if (frame is { Kind: not (FrameKind.Cancel or FrameKind.Forget or FrameKind.More) })
            {
                // Before anybody can receive what cancels it. It holds nothing, and is not disposed: it may be being cancelled at any moment.
                _running[frame.Call] = new CancellationTokenSource();
            }
        }

        // Somebody always waits for the next message: it may be what ends this one's execution.
        if (Interlocked.Decrement(ref _idle) == 0 && frame is not null)
        {
            StartThread();
        }

        return frame;
    }

    private void Handle(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Cancel:
                Cancel(frame.Call);
                break;
            case FrameKind.More:
                if (_windows.TryGetValue(frame.Call, out var window))
                {
                    window.Release();
                }

                break;
            case FrameKind.Forget:
                if (_rooms.TryRemove(frame.Text(), out var room))
                {
                    ((IDisposable)room).Dispose();
                }

                break;
            case FrameKind.Stream:
                Stream(frame);
                break;
            default:
                Answer(frame);
                break;
        }
    }

    private void Cancel(long call)
    {
        try
        {
            if (_running.TryGetValue(call, out var running))
            {
                running.Cancel();
            }
        }
        catch (AggregateException error)
        {
            // A predictor's own reaction to it: the call's business, not that of the others.
            Console.Error.WriteLine(error);
        }
    }

    private void Answer(Frame frame)
    {
        var stop = _running[frame.Call];
        FrameWriter? answer = null;
        try
        {
            answer = frame.Kind switch
            {
                FrameKind.Load => Load(frame, stop.Token),
                FrameKind.Unload => Unload(frame),
                FrameKind.Infer => Infer(frame, stop.Token),
                FrameKind.Predict => Predict(frame, stop.Token),
                _ => throw new InvalidDataException($"The worker sent {frame.Kind}."),
            };
        }
        catch (Exception error) when (error is not InvalidDataException)
        {
            answer = new FrameWriter(FrameKind.Failed, frame.Call);
            PredictorErrors.Write(answer, error);
        }
        finally
        {
            _running.TryRemove(frame.Call, out _);
        }

        using (answer)
        {
            socket.Send(answer);
        }
    }

    private FrameWriter Load(Frame frame, CancellationToken cancellationToken)
    {
        var (number, path, name) = (frame.Int64(), frame.Text(), frame.Text());
        var runtime = JsonSerializer.Deserialize<RuntimeSettings>(frame.Bytes().Span, OdlJson.Options);
        if (PredictorModels.IsOnnx(path))
        {
            ModelSession.WarmRuntime();
        }

        var unloaded = NativeMemory.InUse();
        var model = Await(PredictorModels.LoadAsync(path, name, runtime, cancellationToken));
        var before = _models.GetValueOrDefault(number);
        _models[number] = new HeldModel(model);
        before?.Dispose();
        var session = model as ModelSession;
        return new FrameWriter(FrameKind.Loaded, frame.Call).Bytes(JsonSerializer.SerializeToUtf8Bytes(
            new HostedFacts
            {
                Signature = model.Signature,
                CanBatch = model.CanBatch,
                Rows = session?.Rows,
                GivesLabel = session?.GivesLabel is true,
                Bytes = Math.Max(0, NativeMemory.InUse() - unloaded ?? 0),
                Labels = session?.Labels ?? [],
            },
            OdlJson.Options));
    }

    private FrameWriter Unload(Frame frame)
    {
        if (_models.TryRemove(frame.Int64(), out var model))
        {
            model.Dispose();
            WaitingRunner.Forget();
        }

        return new FrameWriter(FrameKind.Done, frame.Call);
    }

    private FrameWriter Infer(Frame frame, CancellationToken cancellationToken)
    {
        var held = Enter(frame.Int64());
        try
        {
            var room = Room(frame.Text());
            var requests = TensorFrames.ReadRequests(frame, room);
            var answers = Await(held.Model.InferTogetherAsync(requests, cancellationToken));
            var answer = new FrameWriter(FrameKind.Answers, frame.Call);
            TensorFrames.Write(answer, answers, room);
            return answer;
        }
        finally
        {
            held.Leave();
        }
    }

    private void Stream(Frame frame)
    {
        var number = frame.Int64();
        _ = AnswersAsync(frame.Call, number, TensorFrames.ReadRequests(frame, null).Single());
    }

    /// <summary>Sends the answers of a decoupled model. They may come for hours, and hold no thread.</summary>
    private async Task AnswersAsync(long call, long number, InferRequest request)
    {
        var stop = _running[call];
        HeldModel? held = null;
        FrameWriter last;
        try
        {
            held = Enter(number);
            var model = held.Model as IDecoupledModel ?? throw new InvalidException($"Model '{held.Model.Model}' gives one answer to a request.");

            // It holds nothing, and is not disposed: a message for it may be on its way.
            await PumpAsync(call, model, request, _windows[call] = new SemaphoreSlim(PartWindow), stop.Token).ConfigureAwait(false);
            last = new FrameWriter(FrameKind.Done, call);
        }
        catch (Exception error)
        {
            last = new FrameWriter(FrameKind.Failed, call);
            PredictorErrors.Write(last, error);
        }
        finally
        {
            _running.TryRemove(call, out _);
            _windows.TryRemove(call, out _);
            held?.Leave();
        }

        using (last)
        {
            TrySend(last);
        }
    }

    private async Task PumpAsync(long call, IDecoupledModel model, InferRequest request, SemaphoreSlim window, CancellationToken cancellationToken)
    {
        await using var answers = model.AnswersAsync(request, cancellationToken).ConfigureAwait(false).GetAsyncEnumerator();
        while (true)
        {
            // An answer is made when there is room for it, and not before.
            await window.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!await answers.MoveNextAsync())
            {
                return;
            }

            using var part = new FrameWriter(FrameKind.Part, call);
            TensorFrames.Write(part, [answers.Current], null);
            if (!TrySend(part))
            {
                return;
            }
        }
    }

    /// <summary>False when the worker has gone, and this process ends.</summary>
    private bool TrySend(FrameWriter frame)
    {
        try
        {
            socket.Send(frame);
            return true;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            _over.TrySetResult();
            return false;
        }
    }

    private FrameWriter Predict(Frame frame, CancellationToken cancellationToken)
    {
        var held = Enter(frame.Int64());
        try
        {
            var request = new PredictRequest { Top = frame.Int32(), Rows = frame.Bytes() };
            var answer = held.Model is ModelSession session
                ? session.Predict(request, cancellationToken)
                : throw new InvalidException($"Model '{held.Model.Model}' takes tensors only. Send them to the inference protocol: POST /v2/models/NAME/infer.");
            return new FrameWriter(FrameKind.Predicted, frame.Call).Bytes(JsonSerializer.SerializeToUtf8Bytes(answer, OdlJson.Options));
        }
        finally
        {
            held.Leave();
        }
    }

    private HeldModel Enter(long number) => _models.TryGetValue(number, out var held) && held.TryEnter()
        ? held
        : throw new NoCapacityException($"Model {number} is not loaded in this process.");

    private MappedRoom? Room(string name) => name.Length == 0 ? null : _rooms.GetOrAdd(name, (_, path) => new MappedRoom(path), Path.Combine(folder, name));

    /// <summary>This thread is the call's own: it may as well wait.</summary>
    private static T Await<T>(ValueTask<T> answer)
    {
        if (answer.IsCompleted)
        {
            return answer.GetAwaiter().GetResult();
        }

        using var done = new ManualResetEventSlim();
        var waiter = answer.ConfigureAwait(false).GetAwaiter();
        waiter.UnsafeOnCompleted(done.Set);
        done.Wait();
        return waiter.GetResult();
    }
}
