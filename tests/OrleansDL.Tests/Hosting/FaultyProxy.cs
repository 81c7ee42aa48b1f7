using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Tests.Hosting;

/// <summary>A wire to a real HTTP server that can be made to fail: to answer 503, to fall silent, to end early, to change a byte.</summary>
internal sealed class FaultyProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _server;
    private readonly Queue<(string Method, Fault Fault)> _faults = new();

    public FaultyProxy(int server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    public enum Fault
    {
        None,
        Refuse,
        Silence,
        Truncate,
        Corrupt,
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Faults that were met by a request.</summary>
    public int Met { get; private set; }

    /// <summary>The next requests of a method meet these faults, one each.</summary>
    public void Fail(string method, params Fault[] faults)
    {
        lock (_faults)
        {
            foreach (var fault in faults)
            {
                _faults.Enqueue((method, fault));
            }
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    // One request per connection: its head says which fault it meets.
    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var near = client;
            using var far = new TcpClient();
            await far.ConnectAsync(IPAddress.Loopback, _server, _end.Token);
            var (from, to) = (near.GetStream(), far.GetStream());
            var head = await HeadAsync(from);
            if (head.Length == 0)
            {
                return;
            }

            var text = Encoding.Latin1.GetString(head);
            var fault = Next(text[..text.IndexOf(' ', StringComparison.Ordinal)]);
            if (fault == Fault.Silence)
            {
                await from.CopyToAsync(Stream.Null, _end.Token);
                return;
            }

            if (fault == Fault.Refuse)
            {
                await from.WriteAsync("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _end.Token);
                from.Socket.Shutdown(SocketShutdown.Send);
                await from.CopyToAsync(Stream.Null, _end.Token);
                return;
            }

            await to.WriteAsync(Encoding.Latin1.GetBytes(text.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal)), _end.Token);
            var sending = from.CopyToAsync(to, _end.Token);
            await AnswerAsync(to, from, fault);
            near.Close();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side is gone: that is what this wire is for.
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, Fault fault)
    {
        var head = await HeadAsync(from);
        await to.WriteAsync(head, _end.Token);
        if (fault == Fault.None)
        {
            await from.CopyToAsync(to, _end.Token);
            return;
        }

        var body = new MemoryStream();
        await from.CopyToAsync(body, _end.Token);
        var bytes = body.ToArray();
        if (fault == Fault.Corrupt && bytes.Length > 0)
        {
            bytes[bytes.Length / 2] ^= 1;
        }

        await to.WriteAsync(bytes.AsMemory(0, fault == Fault.Truncate ? bytes.Length / 2 : bytes.Length), _end.Token);
    }

    private async Task<byte[]> HeadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, _end.Token) == 1)
        {
            head.Add(one[0]);
            if (head.Count >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n')
            {
                return [.. head];
            }
        }

        return [];
    }

    private Fault Next(string method)
    {
        lock (_faults)
        {
            if (!_faults.TryPeek(out var next) || next.Method != method)
            {
                return Fault.None;
            }

            Met++;
            return _faults.Dequeue().Fault;
        }
    }
}
