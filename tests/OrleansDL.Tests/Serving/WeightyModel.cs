using System.Runtime.InteropServices;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving;

/// <summary>As <see cref="OffsetModel"/>, with weights that do nothing but weigh: <c>y = x + offset + sum((x · w) · v)</c>, all of w being 0.</summary>
internal static class WeightyModel
{
    private const int Columns = 4;

    /// <param name="offset">What is added.</param>
    /// <param name="bytes">Bytes of the weights.</param>
    public static byte[] Write(float offset, int bytes)
    {
        var hidden = (int)Math.Sqrt(bytes / sizeof(float));
        return Model(
            Node("MatMul", "h", "x", "w"), Node("MatMul", "z", "h", "v"), Node("ReduceSum", "r", "z"), Node("Add", "s", "x", "r"), Node("Add", "y", "s", "c"), Text(2, "weighty"),
            Weights("w", Columns, hidden, 0), Weights("v", hidden, hidden, offset), Constant("c", offset),
            End(11, "x", OfFloat, "N", Columns), End(12, "y", OfFloat, "N", Columns));
    }

    /// <summary>A matrix of one value.</summary>
    internal static byte[] Weights(string name, int rows, int columns, float value)
    {
        var values = new float[rows * columns];
        Array.Fill(values, value);
        return Field(5, Join(Number(1, (ulong)rows), Number(1, (ulong)columns), Number(2, OfFloat), Text(8, name), Field(9, MemoryMarshal.AsBytes<float>(values).ToArray())));
    }
}
