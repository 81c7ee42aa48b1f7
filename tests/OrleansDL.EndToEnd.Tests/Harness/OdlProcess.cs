using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;

namespace OrleansDL.Tests.Harness;

/// <summary>A running node, started as a user starts it. Disposing it kills what is left of it.</summary>
internal sealed class OdlProcess : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;
    private bool _disposed;

    private OdlProcess(OdlOptions options)
    {
        Options = options;
        _process = new Process { StartInfo = Odl.Start(options.Arguments, options.Settings), EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException("The node ended before it was ready."));
    }

    public OdlOptions Options { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output => string.Join('\n', _output);

    /// <summary>The admin token the first start wrote.</summary>
    public string Token => File.ReadAllText(Path.Combine(Options.Data, "admin.token")).Trim();

    /// <summary>Starts a node and waits until it says that it is ready.</summary>
    public static async Task<OdlProcess> StartAsync(OdlOptions options, TimeSpan? within = null)
    {
        var node = Launch(options);
        try
        {
            await node._ready.Task.WaitAsync(within ?? TimeSpan.FromSeconds(60));
            return node;
        }
        catch (Exception error)
        {
            await node.DisposeAsync();
            throw new InvalidOperationException($"odl {string.Join(' ', options.Arguments)}\n{node.Output}", error);
        }
    }

    /// <summary>Starts a node and does not wait.</summary>
    public static OdlProcess Launch(OdlOptions options)
    {
        var node = new OdlProcess(options);
        node._process.Start();
        node._process.BeginOutputReadLine();
        node._process.BeginErrorReadLine();
        return node;
    }

    /// <summary>An HTTP client with the admin token, another one, or (empty) none.</summary>
    public Api Api(string? token = null)
    {
        var http = new HttpClient { BaseAddress = Options.Url, Timeout = TimeSpan.FromSeconds(100) };
        if ((token ?? Token) is { Length: > 0 } secret)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }

        return new Api(http, () => Output);
    }

    /// <summary>SIGTERM; answers how long it took to leave.</summary>
    public async Task<TimeSpan> TerminateAsync(TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        Signals.Terminate(Pid);
        await ExitedAsync(within);
        return watch.Elapsed;
    }

    /// <summary>SIGKILL: no one in the process hears of it.</summary>
    public async Task KillAsync()
    {
        Signals.Kill(Pid);
        await ExitedAsync(TimeSpan.FromSeconds(20));
    }

    public async Task ExitedAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The node did not leave within {within.TotalSeconds:0} s.\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A start that failed has disposed it: what the test has to say is that failure.
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            // Its runners with it: a test leaves no process behind.
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.StartsWith("ready http", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}
