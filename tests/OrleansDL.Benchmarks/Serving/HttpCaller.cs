using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>HTTP/1.1 over a kept connection.</summary>
internal sealed class HttpCaller : ICaller
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _bodyAt;

    public HttpCaller(Uri server, string path, string? token, InferBody body)
    {
        var head = $"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\n{(token is null ? "" : $"Authorization: Bearer {token}\r\n")}{body.Headers}Content-Length: {body.Bytes.Length}\r\n\r\n";
        _request = [.. Encoding.ASCII.GetBytes(head), .. body.Bytes];
        _socket.Connect(server.Host, server.Port);
    }

    public int RequestBytes => _request.Length;

    public int AnswerBytes { get; private set; }

    /// <summary>The last answer's status.</summary>
    public int Status { get; private set; }

    /// <summary>The last answer's status line and headers.</summary>
    public ReadOnlySpan<byte> Head => _buffer.AsSpan(0, _bodyAt);

    /// <summary>The last answer's body.</summary>
    public ReadOnlySpan<byte> Answer => _buffer.AsSpan(_bodyAt, AnswerBytes - _bodyAt);

    public void Ask()
    {
        if (Try() != 200)
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(_buffer.AsSpan(0, AnswerBytes)));
        }
    }

    /// <summary>Asks once and answers the status, whatever it is.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public int Try()
    {
        _socket.Send(_request);
        var received = 0;
        do
        {
            var bytes = _socket.Receive(_buffer.AsSpan(received));
            received += bytes > 0 ? bytes : throw new SocketException((int)SocketError.ConnectionReset);
        }
        while (!IsWhole(_buffer.AsSpan(0, received)));
        AnswerBytes = received;
        return Status = int.Parse(_buffer.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
    }

    public void Dispose() => _socket.Dispose();

    private bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        _bodyAt = end + 4;
        var head = answer[..(end + 2)];
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            return answer.EndsWith("0\r\n\r\n"u8);
        }

        var digits = head[(at + "Content-Length: ".Length)..];
        return answer.Length - _bodyAt >= int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
