using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving;

/// <summary>Runs for as long as it is told: adds 1 to its rows, as often as the greatest number in them says.</summary>
internal static class LoopModel
{
    /// <summary>A number of rounds that no test sees the end of.</summary>
    public const float Endless = 1e15f;

    private const int OfBool = 9;
    private const int IntegerKind = 2;
    private const int GraphKind = 5;

    public static byte[] Write() => Model(
        Node("ReduceMax", "greatest", [Attribute("keepdims", IntegerKind, Number(3, 0))], "x"),
        Node("Cast", "rounds", [Attribute("to", IntegerKind, Number(3, OfInt64))], "greatest"),
        Node("Loop", "y", [Attribute("body", GraphKind, Field(6, Body()))], "rounds", "", "x"),
        Text(2, "loop"), Constant("one", 1), End(11, "x", OfFloat, "N", 4), End(12, "y", OfFloat, "N", 4));

    /// <summary>The same with weights of so many bytes that do nothing but weigh.</summary>
    public static byte[] Weigh(int bytes)
    {
        var hidden = (int)Math.Sqrt(bytes / sizeof(float));
        return Model(
            Node("ReduceMax", "greatest", [Attribute("keepdims", IntegerKind, Number(3, 0))], "x"),
            Node("Cast", "rounds", [Attribute("to", IntegerKind, Number(3, OfInt64))], "greatest"),
            Node("Loop", "looped", [Attribute("body", GraphKind, Field(6, Body()))], "rounds", "", "x"),
            Node("MatMul", "h", "looped", "w"), Node("MatMul", "z", "h", "v"), Node("ReduceSum", "r", "z"), Node("Add", "y", "looped", "r"),
            Text(2, "loop"), Constant("one", 1), WeightyModel.Weights("w", 4, hidden, 0), WeightyModel.Weights("v", hidden, hidden, 1),
            End(11, "x", OfFloat, "N", 4), End(12, "y", OfFloat, "N", 4));
    }

    private static byte[] Body() => Join(
        Node("Identity", "goes_on_out", "goes_on"), Node("Add", "value_out", "value", "one"), Text(2, "body"),
        End(11, "round", OfInt64), End(11, "goes_on", OfBool), End(11, "value", OfFloat, "N", 4), End(12, "goes_on_out", OfBool), End(12, "value_out", OfFloat, "N", 4));

    private static byte[] Node(string operation, string output, byte[][] attributes, params string[] inputs) =>
        Field(1, Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(3, output), Text(4, operation), .. attributes]));

    private static byte[] Node(string operation, string output, params string[] inputs) => OnnxBytes.Node(operation, output, inputs);

    private static byte[] Attribute(string name, int kind, byte[] value) => Field(5, Join(Text(1, name), value, Number(20, (ulong)kind)));
}
