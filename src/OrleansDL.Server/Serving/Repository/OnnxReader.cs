namespace OrleansDL.Serving.Repository;

/// <summary>Reads protobuf fields off a stream without keeping what is skipped: an ONNX file may be larger than memory.</summary>
internal sealed class OnnxReader(Stream stream)
{
    private const int LengthDelimited = 2;
    private const int MaximumText = 64 * 1024;

    /// <summary>Calls <paramref name="read"/> with the number of each length-delimited field up to <paramref name="end"/> and where it ends; numbers go to <paramref name="number"/>.</summary>
    public void Fields(long end, Action<int, long> read, Action<int, ulong>? number = null)
    {
        while (stream.Position < end)
        {
            var tag = Varint();
            var field = (int)Math.Min(tag >> 3, int.MaxValue);
            switch ((int)(tag & 7))
            {
                case 0:
                    var value = Varint();
                    number?.Invoke(field, value);
                    break;
                case 1:
                    Skip(8, end);
                    break;
                case LengthDelimited:
                    var length = Varint();
                    if (length > (ulong)(end - stream.Position))
                    {
                        throw Damaged();
                    }

                    var last = stream.Position + (long)length;
                    read(field, last);
                    stream.Position = last;
                    break;
                case 5:
                    Skip(4, end);
                    break;
                default:
                    throw Damaged();
            }
        }
    }

    public string Text(long end)
    {
        var length = end - stream.Position;
        if (length > MaximumText)
        {
            throw Damaged();
        }

        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return System.Text.Encoding.UTF8.GetString(bytes);
    }

    private void Skip(int bytes, long end)
    {
        if (end - stream.Position < bytes)
        {
            throw Damaged();
        }

        stream.Position += bytes;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = stream.ReadByte();
            if (next < 0)
            {
                throw Damaged();
            }

            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    private static InvalidException Damaged() => new("The file is no ONNX model.");
}
