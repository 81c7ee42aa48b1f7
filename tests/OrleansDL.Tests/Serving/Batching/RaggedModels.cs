using OrleansDL.Serving;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Batching;

/// <summary>Models that take the elements of several requests one behind the other.</summary>
internal static class RaggedModels
{
    /// <summary>Gives each request all elements of <c>x</c>, all <c>sizes</c>, which must be as many as there are requests and not 0, and all of <c>told</c>.</summary>
    public static byte[] Telling() => Model(
        Node("Reshape", "x_row", "x", "row"), Node("Reshape", "sizes_row", "sizes", "row"), Node("Reshape", "told_row", "told", "row"),
        Node("Div", "ones", "sizes", "sizes"), Node("Reshape", "each", "ones", "column"),
        Node("MatMul", "all", "each", "x_row"), Node("MatMul", "all_sizes", "each", "sizes_row"), Node("MatMul", "all_told", "each", "told_row"),
        Text(2, "telling"), Longs("row", 1, -1), Longs("column", -1, 1),
        End(11, "x", OfFloat, "X"), End(11, "sizes", OfFloat, "B"), End(11, "told", OfFloat, "T"),
        End(12, "all", OfFloat, "B", "X"), End(12, "all_sizes", OfFloat, "B", "B2"), End(12, "all_told", OfFloat, "B", "T"));

    /// <summary>Each element doubled, and the rows of <c>shapes</c> as they came.</summary>
    public static byte[] Doubling() => Model(
        Node("Add", "y", "x", "x"), Node("Identity", "seen", "shapes"), Text(2, "doubling"),
        End(11, "x", OfFloat, "X"), End(11, "shapes", OfFloat, "N", 2), End(12, "y", OfFloat, "X"), End(12, "seen", OfFloat, "N", 2));

    /// <summary><c>y = x + b</c>, with 5 for <c>b</c> where it is not given.</summary>
    public static byte[] Lenient() => Model(
        Node("Add", "y", "x", "b"), Text(2, "lenient"),
        Field(5, Join(Number(1, 1), Number(1, 1), Number(2, OfFloat), Text(8, "b"), Field(9, BitConverter.GetBytes(5f)))),
        End(11, "x", OfFloat, "N", 1), End(11, "b", OfFloat, "N", 1), End(12, "y", OfFloat, "N", 1));

    public static RaggedSpec Spec(int axes, BatchInputKind sizes, BatchInputKind told) => new()
    {
        Inputs = [new TensorSpec { Name = "x", Type = TensorElementType.Fp32, Shape = [.. Enumerable.Repeat(-1L, axes + 1)] }],
        BatchInputs = [Made("sizes", sizes), Made("told", told)],
    };

    public static BatchInputSpec Made(string target, BatchInputKind kind) => new() { Kind = kind, Targets = [target], Type = TensorElementType.Fp32, Source = "x" };

    private static byte[] Longs(string name, params long[] values) =>
        Field(5, Join(Number(1, (ulong)values.Length), Number(2, OfInt64), Text(8, name), Field(9, [.. values.SelectMany(BitConverter.GetBytes)])));
}
