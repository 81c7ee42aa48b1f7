using System.Buffers.Binary;
using System.Net.Sockets;

namespace OrleansDL.Predictors;

/// <summary>Messages over a Unix socket, each after its length. Any number may send at once, and one receives at a time.</summary>
/// <remarks>Calls block: who receives has a thread for it, and a wake-up less between a message and its reader is what a small model is served by.</remarks>
public sealed class FrameSocket : IDisposable
{
    /// <summary>A message at most. What is larger goes through shared memory.</summary>
    private const int MaximumBytes = 1 << 30;
    private const int BufferBytes = 64 * 1024;
    private const int PatienceMilliseconds = 10_000;

    private readonly Lock _sending = new();
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    /// <param name="socket">Connected; disposed with this.</param>
    public FrameSocket(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _socket = socket;

        // Who does not read for so long has stopped.
        _socket.SendTimeout = PatienceMilliseconds;
    }

    /// <exception cref="SocketException">Nobody hears it.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public void Send(FrameWriter frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        lock (_sending)
        {
            var left = frame.Written;
            while (!left.IsEmpty)
            {
                left = left[_socket.Send(left)..];
            }
        }
    }

    /// <summary>Waits for the next message; null when the other side has closed.</summary>
    /// <exception cref="InvalidDataException">What came is no message.</exception>
    public Frame? Receive()
    {
        if (!Fill(FrameWriter.HeaderBytes))
        {
            return null;
        }

        var header = _buffer.AsSpan(_start);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        var (kind, call) = ((FrameKind)header[sizeof(int)], BinaryPrimitives.ReadInt64LittleEndian(header[(sizeof(int) + 1)..]));
        if (length is < 0 or > MaximumBytes || !Enum.IsDefined(kind))
        {
            throw new InvalidDataException($"A message of kind {(int)kind} claims {length} bytes.");
        }

        _start += FrameWriter.HeaderBytes;
        var payload = GC.AllocateUninitializedArray<byte>(length);
        var taken = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, taken).CopyTo(payload);
        _start += taken;
        while (taken < length)
        {
            var read = _socket.Receive(payload.AsSpan(taken));
            if (read == 0)
            {
                return null;
            }

            taken += read;
        }

        return new Frame(kind, call, payload);
    }

    /// <summary>Ends a wait for messages on both sides.</summary>
    public void Dispose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other side has gone already.
        }

        _socket.Dispose();
    }

    private bool Fill(int bytes)
    {
        if (_end - _start < bytes)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < bytes)
        {
            var read = _socket.Receive(_buffer.AsSpan(_end));
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }
}
