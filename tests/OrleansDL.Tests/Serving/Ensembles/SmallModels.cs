using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Ensembles;

/// <summary>Models of one operation on rows of four floats, whose answers are easily computed by hand.</summary>
internal static class SmallModels
{
    private const int Columns = 4;

    /// <summary><c>y = x OPERATION value</c></summary>
    public static byte[] Unary(string operation, float value) => Model(
        Node(operation, "y", "x", "c"), Text(2, "unary"), Constant("c", value),
        End(11, "x", OfFloat, "N", Columns), End(12, "y", OfFloat, "N", Columns));

    /// <summary><c>y = a OPERATION b</c></summary>
    public static byte[] Binary(string operation) => Model(
        Node(operation, "y", "a", "b"), Text(2, "binary"),
        End(11, "a", OfFloat, "N", Columns), End(11, "b", OfFloat, "N", Columns), End(12, "y", OfFloat, "N", Columns));

    /// <summary><c>up = x + value</c> and <c>down = x * value</c></summary>
    public static byte[] Two(float value) => Model(
        Node("Add", "up", "x", "c"), Node("Mul", "down", "x", "c"), Text(2, "two"), Constant("c", value),
        End(11, "x", OfFloat, "N", Columns), End(12, "up", OfFloat, "N", Columns), End(12, "down", OfFloat, "N", Columns));

    /// <summary>Whole numbers as they came, which are no floats.</summary>
    public static byte[] Whole() => Model(
        Node("Identity", "y", "x"), Text(2, "whole"), End(11, "x", OfInt64, "N", Columns), End(12, "y", OfInt64, "N", Columns));

    /// <summary>The rows' five columns as they came.</summary>
    public static byte[] Wide() => Model(
        Node("Identity", "y", "x"), Text(2, "wide"), End(11, "x", OfFloat, "N", 5), End(12, "y", OfFloat, "N", 5));

    public static float Compute(string operation, float left, float right) => operation switch
    {
        "Add" => left + right,
        "Sub" => left - right,
        "Mul" => left * right,
        _ => Math.Max(left, right),
    };
}
