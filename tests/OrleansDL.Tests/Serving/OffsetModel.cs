using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving;

/// <summary>The smallest model that tells its versions apart: <c>y = x + offset</c>, written by hand in ONNX's protobuf form.</summary>
internal static class OffsetModel
{
    private const int Columns = 4;

    /// <param name="offset">What is added.</param>
    /// <param name="isWide">Whether rows may have any number of columns.</param>
    public static byte[] Write(float offset, bool isWide = false)
    {
        object columns = isWide ? "M" : Columns;
        return Model(
            Node("Add", "y", "x", "c"), Text(2, "offset"), Constant("c", offset),
            End(11, "x", OfFloat, "N", columns), End(12, "y", OfFloat, "N", columns));
    }
}
