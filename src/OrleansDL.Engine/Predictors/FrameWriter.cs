using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace OrleansDL.Predictors;

/// <summary>One message as it is written, in a buffer of the pool.</summary>
public sealed class FrameWriter : IDisposable
{
    /// <summary>Bytes before the payload: its length, the kind, the call.</summary>
    public const int HeaderBytes = sizeof(int) + 1 + sizeof(long);

    private const int FirstRoom = 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstRoom);
    private int _length = HeaderBytes;

    /// <param name="kind">What it says.</param>
    /// <param name="call">The call it belongs to.</param>
    public FrameWriter(FrameKind kind, long call)
    {
        _buffer[sizeof(int)] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(sizeof(int) + 1), call);
    }

    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer, _length - HeaderBytes);
            return _buffer.AsSpan(0, _length);
        }
    }

    public FrameWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);
        return this;
    }

    public FrameWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);
        return this;
    }

    public FrameWriter Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);
        return this;
    }

    public FrameWriter Text(string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value);
        Int32(bytes);
        Encoding.UTF8.GetBytes(value, Take(bytes));
        return this;
    }

    /// <summary>Bytes after their number.</summary>
    public FrameWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        value.CopyTo(Take(value.Length));
        return this;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private Span<byte> Take(int bytes)
    {
        var needed = checked(_length + bytes);
        if (needed > _buffer.Length)
        {
            var greater = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(needed, 2L * _buffer.Length), Array.MaxLength));
            _buffer.AsSpan(0, _length).CopyTo(greater);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = greater;
        }

        _length = needed;
        return _buffer.AsSpan(needed - bytes, bytes);
    }
}
