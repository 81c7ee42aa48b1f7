using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Demo;

/// <summary>A real node: this same program, started with <c>up</c> in a temporary folder and on free ports.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private const int KeptLines = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();

    private DemoNode(Process process, string folder, Uri url)
    {
        _process = process;
        Folder = folder;
        Url = url;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Folder { get; }
    public Uri Url { get; }

    /// <summary>The node's last lines, for when it failed.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public string Token => File.ReadAllText(Path.Combine(Folder, "admin.token")).Trim();

    public static DemoNode Start(string folder)
    {
        var ports = FreePorts(3);
        var url = new Uri($"http://127.0.0.1:{ports[0]}");
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(DemoNode).Assembly.Location);
        }

        foreach (var argument in (string[])
            ["up", "--data", folder, "--http", url.GetLeftPart(UriPartial.Authority), "--grpc", "http://127.0.0.1:0", "--silo-port", Text(ports[1]), "--gateway-port", Text(ports[2]), "--stop-with-input"])
        {
            start.ArgumentList.Add(argument);
        }

        // The demo is about its own node, whatever cluster this shell usually talks to.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ODL_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        return new DemoNode(Process.Start(start)!, folder, url);
    }

    public async Task WaitUntilReadyAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var probe = new OdlClient(Url, null);
        var started = time.GetTimestamp();
        while (!await probe.IsReadyAsync(cancellationToken))
        {
            if (_process.HasExited)
            {
                throw new UnreachableException($"The node left with exit code {_process.ExitCode} while it started.");
            }

            if (time.GetElapsedTime(started) > StartLimit)
            {
                throw new UnreachableException($"The node was not ready within {StartLimit.TotalSeconds:0} seconds.");
            }

            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    /// <summary>Asks the node to leave by ending its input, and kills it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var limit = new CancellationTokenSource(DrainLimit);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
            {
                listener.Start();
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
            {
                listener.Dispose();
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }
        }
    }
}
