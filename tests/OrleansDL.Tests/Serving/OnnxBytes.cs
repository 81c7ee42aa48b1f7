using System.Text;

namespace OrleansDL.Tests.Serving;

/// <summary>The few forms of protocol buffers that small models need.</summary>
internal static class OnnxBytes
{
    public const int OfFloat = 1;
    public const int OfInt64 = 7;

    /// <summary>A node of one output.</summary>
    public static byte[] Node(string operation, string output, params string[] inputs) =>
        Field(1, Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(3, output), Text(4, operation)]));

    /// <summary>A model of IR version 8, opset 17.</summary>
    public static byte[] Model(params byte[][] graph) => Join(Number(1, 8), Text(2, "tests"), Field(7, Join(graph)), Field(8, Join(Text(1, ""), Number(2, 17))));

    /// <summary>An input (field 11) or output (field 12); a size without a number is open.</summary>
    public static byte[] End(int field, string name, int type, params object[] sizes)
    {
        var shape = Join([.. sizes.Select(size => Field(1, size is string open ? Text(2, open) : Number(1, (ulong)(int)size)))]);
        return Field(field, Join(Text(1, name), Field(2, Field(1, Join(Number(1, (ulong)type), Field(2, shape))))));
    }

    /// <summary>A float of one element.</summary>
    public static byte[] Constant(string name, float value) => Field(5, Join(Number(1, 1), Number(2, OfFloat), Text(8, name), Field(9, BitConverter.GetBytes(value))));

    public static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Field(int field, byte[] bytes) => Join(Varint((ulong)(field << 3) | 2), Varint((ulong)bytes.Length), bytes);

    public static byte[] Number(int field, ulong number) => Join(Varint((ulong)(field << 3)), Varint(number));

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[] Varint(ulong number)
    {
        List<byte> bytes = [];
        for (; number >= 0x80; number >>= 7)
        {
            bytes.Add((byte)(number | 0x80));
        }

        return [.. bytes, (byte)number];
    }
}
