using System.Buffers.Binary;
using System.Text;

namespace OrleansDL.Predictors;

/// <summary>One message as it came, read from its beginning to its end.</summary>
/// <param name="kind">What it says.</param>
/// <param name="call">The call it belongs to.</param>
/// <param name="payload">The rest. It is the frame's own: what is read by reference stays.</param>
public sealed class Frame(FrameKind kind, long call, ReadOnlyMemory<byte> payload)
{
    private int _at;

    public FrameKind Kind { get; } = kind;

    public long Call { get; } = call;

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)).Span);

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)).Span);

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)).Span);

    public string Text() => Encoding.UTF8.GetString(Take(Int32()).Span);

    /// <summary>Bytes after their number, by reference.</summary>
    public ReadOnlyMemory<byte> Bytes() => Take(Int32());

    /// <summary>How many things follow.</summary>
    /// <exception cref="InvalidDataException">More than the rest of the message can hold.</exception>
    public int Count() => Int32() is var count && count >= 0 && count <= payload.Length - _at
        ? count
        : throw new InvalidDataException($"A message claims {count} things, and {payload.Length - _at} bytes of it are left.");

    /// <exception cref="InvalidDataException">The message is shorter.</exception>
    private ReadOnlyMemory<byte> Take(int bytes)
    {
        if (bytes < 0 || bytes > payload.Length - _at)
        {
            throw new InvalidDataException($"A message claims {bytes} bytes, and {payload.Length - _at} of it are left.");
        }

        _at += bytes;
        return payload.Slice(_at - bytes, bytes);
    }
}
