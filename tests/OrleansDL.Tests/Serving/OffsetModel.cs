using System.Text;

namespace OrleansDL.Tests.Serving;

/// <summary>The smallest model that tells its versions apart: <c>y = x + offset</c>, written by hand in ONNX's protobuf form.</summary>
internal static class OffsetModel
{
    private const int Columns = 4;

    /// <param name="offset">What is added.</param>
    /// <param name="isWide">Whether rows may have any number of columns.</param>
    public static byte[] Write(float offset, bool isWide = false)
    {
        var node = Join(Text(1, "x"), Text(1, "c"), Text(2, "y"), Text(3, "add"), Text(4, "Add"));
        var constant = Join(Number(1, 1), Number(2, 1), Text(8, "c"), Field(9, BitConverter.GetBytes(offset)));
        var graph = Join(Field(1, node), Text(2, "offset"), Field(5, constant), Field(11, End("x", isWide)), Field(12, End("y", isWide)));
        return Join(Number(1, 8), Text(2, "tests"), Field(7, graph), Field(8, Join(Text(1, ""), Number(2, 17))));
    }

    private static byte[] End(string name, bool isWide)
    {
        var shape = Join(Field(1, Text(2, "N")), Field(1, isWide ? Text(2, "M") : Number(1, Columns)));
        return Join(Text(1, name), Field(2, Field(1, Join(Number(1, 1), Field(2, shape)))));
    }

    private static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int field, byte[] bytes) => Join(Varint((ulong)(field << 3) | 2), Varint((ulong)bytes.Length), bytes);

    private static byte[] Number(int field, ulong number) => Join(Varint((ulong)(field << 3)), Varint(number));

    private static byte[] Varint(ulong number)
    {
        List<byte> bytes = [];
        for (; number >= 0x80; number >>= 7)
        {
            bytes.Add((byte)(number | 0x80));
        }

        return [.. bytes, (byte)number];
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
