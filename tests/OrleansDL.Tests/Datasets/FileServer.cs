using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Tests.Datasets;

/// <summary>A web server with a file, which misbehaves as a test tells it to. On bare sockets: what is sent before it breaks off arrives.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    public byte[] Content { get; set; } = [];

    /// <summary>Null: none is sent.</summary>
    public string? ETag { get; set; } = "\"one\"";

    /// <summary>After how many bytes of each answer it breaks off; 0: never.</summary>
    public int BreakAfter { get; set; }

    public bool Ranges { get; set; } = true;

    /// <summary>Answers ranges with the wrong bytes' place.</summary>
    public bool LyingRanges { get; set; }
    public string? Redirect { get; set; }

    /// <summary>The range of each request, empty for the whole.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static Task<FileServer> StartAsync()
    {
        var server = new FileServer();
        server._listener.Start();
        server._serving = server.ServeAsync();
        return Task.FromResult(server);
    }

    public string Url(string host = "127.0.0.1", string file = "file.bin") => $"http://{host}:{((IPEndPoint)_listener.LocalEndpoint).Port}/{file}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // The client went away.
            }
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
        {
            if (line.Split(": ", 2) is [var name, var value])
            {
                headers[name] = value;
            }
        }

        var (head, body) = Answer(headers.GetValueOrDefault("Range", ""), headers.GetValueOrDefault("If-Range", ""));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {head}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"), _stop.Token);
        await stream.WriteAsync(BreakAfter > 0 && body.Length > BreakAfter ? body[..BreakAfter] : body, _stop.Token);
        client.Client.Shutdown(SocketShutdown.Send);
        var rest = new byte[1024];
        while (await stream.ReadAsync(rest, _stop.Token) > 0)
        {
            // Until the client has read what it wants and closes.
        }
    }

    private (string Head, ReadOnlyMemory<byte> Body) Answer(string range, string ifRange)
    {
        Asked.Enqueue(range);
        if (Redirect is not null)
        {
            return ($"302 Found\r\nLocation: {Redirect}\r\n", default);
        }

        var etag = ETag is null ? "" : $"ETag: {ETag}\r\n";
        if (!Ranges || range.Length == 0 || ifRange != ETag)
        {
            return ($"200 OK\r\n{etag}", Content);
        }

        var from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        return ($"206 Partial Content\r\n{etag}Content-Range: bytes {(LyingRanges ? from + 1 : from)}-{Content.Length - 1}/{Content.Length}\r\n", Content.AsMemory(from));
    }
}
