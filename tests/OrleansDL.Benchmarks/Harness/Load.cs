using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Benchmarks.Harness;

/// <summary>The same request over and over on kept connections. It costs little, since it shares the machine with what it measures.</summary>
internal sealed class Load(Uri server, string path, string? token, string body)
{
    private readonly byte[] _request = Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\n{(token is null ? "" : $"Authorization: Bearer {token}\r\n")}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    /// <summary>Requests answered 200 a second; any other answer is an error.</summary>
    public async Task<double> RateAsync(int connections, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var answered = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => AskAsync(watch, time))));
        return answered.Sum() / watch.Elapsed.TotalSeconds;
    }

    private async Task<long> AskAsync(Stopwatch watch, TimeSpan time)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port);
        var buffer = new byte[16 << 10];
        var answered = 0L;
        while (watch.Elapsed < time)
        {
            await socket.SendAsync(_request);
            var received = 0;
            do
            {
                var bytes = await socket.ReceiveAsync(buffer.AsMemory(received));
                if (bytes == 0)
                {
                    throw new InvalidOperationException("The server closed the connection.");
                }

                received += bytes;
            }
            while (!IsWhole(buffer.AsSpan(0, received)));
            answered++;
        }

        return answered;
    }

    /// <summary>Whether an answer has arrived to its end, whichever of HTTP's two ways tells it.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var head = answer[..end];
        if (!head.StartsWith("HTTP/1.1 200"u8))
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(answer));
        }

        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            return answer.EndsWith("0\r\n\r\n"u8);
        }

        var digits = head[(at + "Content-Length: ".Length)..];
        var line = digits.IndexOf((byte)'\r');
        return answer.Length - end - 4 >= int.Parse(line < 0 ? digits : digits[..line], System.Globalization.CultureInfo.InvariantCulture);
    }
}
