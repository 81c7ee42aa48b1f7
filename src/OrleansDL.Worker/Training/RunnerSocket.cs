using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>The worker's side of the training contract: HTTP and JSON on a Unix socket that only this attempt's process is told.</summary>
internal sealed class RunnerSocket : IAsyncDisposable
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private const long MaximumBody = 4 * 1024 * 1024;
    private const long UntrustedBody = 512 * 1024;
    private const int UntrustedConnections = 16;

    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stop;
    private bool _checkpoint;
    private long _sequence;

    private RunnerSocket(WebApplication app, string folder, TimeProvider time)
    {
        _app = app;
        _folder = folder;
        _time = time;
    }

    public string Path => System.IO.Path.Combine(_folder, "s");

    /// <summary>Opens the socket of one attempt.</summary>
    /// <param name="attempt">Reports that name another are refused.</param>
    /// <param name="untrusted">Whether whoever reports may mean harm: it gets few connections, small bodies and a pace.</param>
    /// <param name="onReport">Takes a report; it is called once for each, in order.</param>
    /// <param name="onCheckpoint">Takes a checkpoint's path.</param>
    /// <param name="time">Times the long poll.</param>
    /// <param name="meeting">Finds the other ranks; null: the process trains alone.</param>
    public static async Task<RunnerSocket> OpenAsync(
        int attempt, bool untrusted, Func<RunReport, ValueTask> onReport, Func<CheckpointReady, ValueTask> onCheckpoint, TimeProvider time, RankMeeting? meeting = null)
    {
        // A path of a Unix socket has 107 bytes at most, and the folder is ours alone (0700).
        var folder = Directory.CreateTempSubdirectory("odl-").FullName;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(System.IO.Path.Combine(folder, "s"));
            kestrel.Limits.MaxRequestBodySize = untrusted ? UntrustedBody : MaximumBody;
            kestrel.Limits.MaxConcurrentConnections = untrusted ? UntrustedConnections : null;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(_ => new RequestPace(time));
        builder.Services.ConfigureHttpJsonOptions(json => OdlJson.Configure(json.SerializerOptions));
        var app = builder.Build();
        var socket = new RunnerSocket(app, folder, time);
        if (untrusted)
        {
            app.Use(app.Services.GetRequiredService<RequestPace>().WaitAsync);
        }

        socket.Map(app, attempt, onReport, onCheckpoint);
        if (meeting is not null)
        {
            socket.MapMeeting(app, meeting);
        }

        await app.StartAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socket.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return socket;
    }

    /// <summary>Tells the process something; a stop is told until the socket closes.</summary>
    public void Tell(RunnerCommand command)
    {
        lock (_lock)
        {
            _stop |= command is RunnerCommand.Stop;
            _checkpoint |= command is RunnerCommand.Checkpoint;
            _told.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _closing.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Map(
        WebApplication app, int attempt, Func<RunReport, ValueTask> onReport, Func<CheckpointReady, ValueTask> onCheckpoint)
    {
        app.MapPost("/metrics", async Task<IResult> (RunReport report) =>
        {
            if (report.Attempt != attempt)
            {
                return TypedResults.Conflict();
            }

            // The sequence numbers are the program's own: a post that it repeats is taken once.
            lock (_lock)
            {
                if (report.Sequence <= _sequence)
                {
                    return TypedResults.Accepted((string?)null);
                }

                _sequence = report.Sequence;
            }

            await onReport(report);
            return TypedResults.Accepted((string?)null);
        });
        app.MapPost("/checkpoint", async (CheckpointReady checkpoint) =>
        {
            await onCheckpoint(checkpoint);
            return TypedResults.Accepted((string?)null);
        });
        app.MapGet("/control", async (CancellationToken aborted) =>
            TypedResults.Ok(new ControlAnswer { Command = await NextCommandAsync(aborted) }));
    }

    private void MapMeeting(WebApplication app, RankMeeting meeting) => app.MapPost("/rendezvous", async Task<IResult> (RankAddress address, CancellationToken aborted) =>
    {
        if (!meeting.IsOwn(address))
        {
            return TypedResults.Conflict();
        }

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(aborted, _closing.Token);
        return TypedResults.Ok(await meeting.MeetAsync(address, cancel.Token));
    });

    private async Task<RunnerCommand> NextCommandAsync(CancellationToken aborted)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(aborted, _closing.Token);
        var command = TakeCommand(out var told);
        if (command is not RunnerCommand.None)
        {
            return command;
        }

        await Task.WhenAny(told, Task.Delay(LongPoll, _time, cancel.Token));
        return TakeCommand(out _);
    }

    private RunnerCommand TakeCommand(out Task told)
    {
        lock (_lock)
        {
            if (_stop)
            {
                told = Task.CompletedTask;
                return RunnerCommand.Stop;
            }

            if (_told.Task.IsCompleted)
            {
                _told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            told = _told.Task;
            if (_checkpoint)
            {
                _checkpoint = false;
                return RunnerCommand.Checkpoint;
            }

            return RunnerCommand.None;
        }
    }
}
