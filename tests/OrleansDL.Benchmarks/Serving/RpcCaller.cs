using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>gRPC's ModelInfer over one HTTP/2 connection, frame by frame: a whole client would cost its core more than the server's work costs the other.</summary>
internal sealed class RpcCaller : ICaller
{
    private const int FrameHead = 9;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;
    private const byte Update = 8;
    private const byte EndStream = 1;
    private const byte Acknowledge = 1;
    private const byte EndHeaders = 4;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly int _dataAt;
    private readonly byte[] _buffer = new byte[64 << 10];
    private uint _stream = 1;
    private int _filled;

    public RpcCaller(Uri server, string? token, ModelInferRequest request)
    {
        var head = Fields(
            (":method", "POST"), (":scheme", "http"), (":path", "/inference.GRPCInferenceService/ModelInfer"), (":authority", server.Authority),
            ("content-type", "application/grpc"), ("te", "trailers"), ("authorization", $"Bearer {token}"));
        var message = request.ToByteArray();
        byte[] framed = [0, 0, 0, 0, 0, .. message];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        _request = [.. Frame(Headers, EndHeaders, 1, head), .. Frame(Data, EndStream, 1, framed)];
        _dataAt = FrameHead + head.Length;
        _socket.Connect(server.Host, server.Port);

        // No table of headers: a status is then readable where it stands. The connection's window never closes.
        _socket.Send([
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            .. Frame(Settings, 0, 0, [0, 1, 0, 0, 0, 0]),
            .. Frame(Update, 0, 0, [0x7f, 0, 0, 0])]);
    }

    public int RequestBytes => _request.Length;

    public int AnswerBytes { get; private set; }

    public void Ask()
    {
        BinaryPrimitives.WriteUInt32BigEndian(_request.AsSpan(5), _stream);
        BinaryPrimitives.WriteUInt32BigEndian(_request.AsSpan(_dataAt + 5), _stream);
        _socket.Send(_request);
        AnswerBytes = 0;
        for (var isWhole = false; !isWhole; isWhole = ReadFrame())
        {
            // Frame after frame, until the one that ends the answer.
        }

        _stream += 2;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Takes one frame; true when it ends the answer.</summary>
    private bool ReadFrame()
    {
        Fill(FrameHead);
        var length = (_buffer[0] << 16) | (_buffer[1] << 8) | _buffer[2];
        Fill(FrameHead + length);
        var (kind, flags) = (_buffer[3], _buffer[4]);
        var content = _buffer.AsSpan(FrameHead, length);
        var isEnd = false;
        switch (kind)
        {
            case Data:
                AnswerBytes += FrameHead + length;
                break;
            case Headers:
                AnswerBytes += FrameHead + length;
                isEnd = (flags & EndStream) != 0;
                if (isEnd && content.IndexOf("grpc-status\u00010"u8) < 0)
                {
                    throw new InvalidOperationException(Encoding.ASCII.GetString(content));
                }

                break;
            case Settings or Ping when (flags & Acknowledge) == 0:
                _socket.Send(Frame(kind, Acknowledge, 0, kind is Ping ? content.ToArray() : []));
                break;
            case Reset or GoAway:
                throw new InvalidOperationException($"The server ended the {(kind is Reset ? "call" : "connection")}: {Convert.ToHexString(content)}.");
            default:
                break;
        }

        _filled -= FrameHead + length;
        _buffer.AsSpan(FrameHead + length, _filled).CopyTo(_buffer);
        return isEnd;
    }

    private void Fill(int bytes)
    {
        while (_filled < bytes)
        {
            var received = _socket.Receive(_buffer.AsSpan(_filled));
            _filled += received > 0 ? received : throw new SocketException((int)SocketError.ConnectionReset);
        }
    }

    private static byte[] Frame(byte kind, byte flags, uint stream, byte[] content)
    {
        byte[] frame = [(byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length, kind, flags, 0, 0, 0, 0, .. content];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    /// <summary>Headers as literals that go into no table (RFC 7541, 6.2.2).</summary>
    private static byte[] Fields(params (string Name, string Value)[] fields)
    {
        List<byte> bytes = [];
        foreach (var (name, value) in fields)
        {
            bytes.Add(0);
            Add(bytes, name);
            Add(bytes, value);
        }

        return [.. bytes];
    }

    private static void Add(List<byte> bytes, string text)
    {
        const int OneByte = 127;
        if (text.Length < OneByte)
        {
            bytes.Add((byte)text.Length);
        }
        else
        {
            bytes.Add(OneByte);
            var rest = text.Length - OneByte;
            for (; rest >= 128; rest >>= 7)
            {
                bytes.Add((byte)(rest | 0x80));
            }

            bytes.Add((byte)rest);
        }

        bytes.AddRange(Encoding.ASCII.GetBytes(text));
    }
}
