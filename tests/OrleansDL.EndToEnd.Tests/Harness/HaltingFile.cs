using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Tests.Harness;

/// <summary>A web server with one file. The first reader gets it up to a place and then nothing more; later ones get the range they ask for.</summary>
internal sealed class HaltingFile : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _content;
    private readonly int _haltAt;
    private readonly Task _serving;
    private int _reads;

    public HaltingFile(byte[] content, int haltAt)
    {
        (_content, _haltAt) = (content, haltAt);
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/file.bin";

    /// <summary>Where each reader began.</summary>
    public ConcurrentQueue<int> Began { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true)
            {
                answers.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(answers);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var from = 0;
                var head = (await reader.ReadLineAsync(_stop.Token))?.StartsWith("HEAD", StringComparison.Ordinal) is true;
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                {
                    if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                    {
                        from = int.Parse(line["Range: bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture);
                    }
                }

                var status = from == 0 ? "200 OK\r\n" : FormattableString.Invariant($"206 Partial Content\r\nContent-Range: bytes {from}-{_content.Length - 1}/{_content.Length}\r\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(FormattableString.Invariant(
                    $"HTTP/1.1 {status}ETag: \"one\"\r\nAccept-Ranges: bytes\r\nContent-Length: {_content.Length - from}\r\nConnection: close\r\n\r\n")), _stop.Token);
                if (head)
                {
                    return;
                }

                Began.Enqueue(from);
                if (Interlocked.Increment(ref _reads) == 1)
                {
                    await stream.WriteAsync(_content.AsMemory(0, _haltAt), _stop.Token);
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                }

                await stream.WriteAsync(_content.AsMemory(from), _stop.Token);
                client.Client.Shutdown(SocketShutdown.Send);
                await reader.ReadToEndAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The reader went away, or the test is over.
            }
        }
    }
}
