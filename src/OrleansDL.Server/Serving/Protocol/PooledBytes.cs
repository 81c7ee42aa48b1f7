using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace OrleansDL.Serving.Protocol;

/// <summary>A growing pooled buffer with the few JSON verbs an answer needs.</summary>
internal sealed class PooledBytes : IBufferWriter<byte>, IDisposable
{
    private const int LongestNumber = 40;
    private static readonly SearchValues<char> Plain =
        SearchValues.Create(" !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public int Length => _length;

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(_length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>A number (or an id) in its shortest invariant form.</summary>
    public void WriteNumber<T>(T value)
        where T : IUtf8SpanFormattable
    {
        Reserve(LongestNumber);
        value.TryFormat(_buffer.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
    }

    /// <summary>A JSON string with its quotes.</summary>
    public void WriteString(string text)
    {
        Write("\""u8);
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        if (text.AsSpan().IndexOfAnyExcept(Plain) < 0)
        {
            _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
        }
        else
        {
            Write(Encoding.UTF8.GetBytes(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)));
        }

        Write("\""u8);
    }

    /// <summary>A JSON string with its quotes, from UTF-8; bytes that are none are replaced.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        Write("\""u8);
        while (!utf8.IsEmpty)
        {
            // At worst a byte becomes \uFFFD.
            Reserve(Math.Max(64, Math.Min(utf8.Length, 4096) * 6));
            var status = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(utf8, _buffer.AsSpan(_length), out var consumed, out var written);
            _length += written;
            utf8 = utf8[consumed..];
            if (status is OperationStatus.InvalidData or OperationStatus.NeedMoreData)
            {
                Write("\uFFFD"u8);
                utf8 = utf8[1..];
            }
        }

        Write("\""u8);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length >= bytes)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_length + bytes, (int)Math.Min(_buffer.Length * 2L, Array.MaxLength))));
        Written.Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
