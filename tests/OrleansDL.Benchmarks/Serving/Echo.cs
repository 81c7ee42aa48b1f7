using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>What the wire and two wake-ups cost: a thread on the server's core that answers as many bytes for as many bytes.</summary>
internal sealed class Echo : ICaller
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _answer;

    public Echo(int requestBytes, int answerBytes)
    {
        (RequestBytes, AnswerBytes) = (requestBytes, answerBytes);
        (_request, _answer) = (new byte[requestBytes], new byte[answerBytes]);
        _listener.Start();
        _ = Cores.OnAsync(Cores.Server, Serve);
        _socket.Connect((IPEndPoint)_listener.LocalEndpoint);
    }

    public int RequestBytes { get; }

    public int AnswerBytes { get; }

    public void Ask()
    {
        _socket.Send(_request);
        Receive(_socket, _answer);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _listener.Dispose();
    }

    private bool Serve()
    {
        using var socket = _listener.AcceptSocket();
        socket.NoDelay = true;
        var (request, answer) = (new byte[RequestBytes], new byte[AnswerBytes]);
        while (Receive(socket, request))
        {
            socket.Send(answer);
        }

        return true;
    }

    private static bool Receive(Socket socket, byte[] bytes)
    {
        for (var received = 0; received < bytes.Length;)
        {
            var some = socket.Receive(bytes.AsSpan(received));
            if (some == 0)
            {
                return false;
            }

            received += some;
        }

        return true;
    }
}
