using OrleansDL.Serving;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Sequences;

/// <summary>Adds what it is given to what it gave before: <c>sum = x + (1 - start) * memory</c>. It also tells whose request it saw, and whether it was the last.</summary>
internal static class AccumulatorModel
{
    public static byte[] Write() => Model(
        Node("Sub", "keep", "one", "start"), Node("Mul", "kept", "memory", "keep"), Node("Add", "sum", "kept", "x"),
        Node("Identity", "memory_out", "sum"), Node("Identity", "who", "id"), Node("Add", "flags", "ready", "end"),
        Text(2, "accumulator"), Constant("one", 1),
        End(11, "x", OfFloat, "N", 1), End(11, "start", OfFloat, "N", 1), End(11, "ready", OfFloat, "N", 1), End(11, "end", OfFloat, "N", 1),
        End(11, "id", OfInt64, "N", 1), End(11, "memory", OfFloat, "N", 1),
        End(12, "sum", OfFloat, "N", 1), End(12, "memory_out", OfFloat, "N", 1), End(12, "who", OfInt64, "N", 1), End(12, "flags", OfFloat, "N", 1));

    public static SequenceSpec Spec(SequenceStrategy strategy) => new()
    {
        Strategy = strategy,
        Controls =
        [
            new SequenceControl { Input = "start", Kind = SequenceControlKind.Start },
            new SequenceControl { Input = "ready", Kind = SequenceControlKind.Ready },
            new SequenceControl { Input = "end", Kind = SequenceControlKind.End, True = 10 },
            new SequenceControl { Input = "id", Kind = SequenceControlKind.CorrelationId },
        ],
        States = [new SequenceState { Input = "memory", Output = "memory_out" }],
    };
}
