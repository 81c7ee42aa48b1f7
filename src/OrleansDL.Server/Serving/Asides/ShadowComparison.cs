using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansDL.Serving.Asides;

/// <summary>How an answer differs from the one that the caller got.</summary>
/// <param name="Agrees">Whether both say the same.</param>
/// <param name="Difference">Greatest difference of two numbers, as a part of the greatest number of their tensor; null when none could be compared.</param>
internal readonly record struct ShadowComparison(bool Agrees, double? Difference)
{
    /// <param name="given">What the caller got.</param>
    /// <param name="other">What the shadow answered.</param>
    /// <param name="tolerance">How far numbers may be apart and agree, where there are no labels.</param>
    public static ShadowComparison Of(InferAnswer given, InferAnswer other, double tolerance)
    {
        var (difference, fits) = ((double?)null, given.Outputs.Count == other.Outputs.Count);
        foreach (var output in given.Outputs)
        {
            var twin = other.Outputs.FirstOrDefault(known => known.Name == output.Name);
            fits &= twin is not null && twin.Type == output.Type && twin.Shape.AsSpan().SequenceEqual(output.Shape) && Compare(output, twin, ref difference);
        }

        return given.Top is { Count: > 0 } && other.Top is { Count: > 0 }
            ? new ShadowComparison(given.Top.Select(top => top.Label).SequenceEqual(other.Top.Select(top => top.Label), StringComparer.Ordinal), difference)
            : new ShadowComparison(fits && (difference ?? 0) <= tolerance, difference);
    }

    /// <inheritdoc cref="Of(InferAnswer, InferAnswer, double)"/>
    public static ShadowComparison Of(PredictAnswer given, PredictAnswer other, double tolerance)
    {
        double? difference = null;
        var fits = Labels(given.Rows.Select(row => row.Take(1))).SequenceEqual(Labels(other.Rows.Select(row => row.Take(1))), StringComparer.Ordinal)
            && Labels(given.Steps ?? []).SequenceEqual(Labels(other.Steps ?? []), StringComparer.Ordinal)
            && (given.Values?.Count, given.Vectors?.Count) == (other.Values?.Count, other.Vectors?.Count);
        if (fits && given.Values is { } values)
        {
            // Each name is a column of its own greatness.
            foreach (var name in values.SelectMany(row => row.Keys).Distinct(StringComparer.Ordinal))
            {
                fits &= Compare(values.Select(row => row.GetValueOrDefault(name)), other.Values!.Select(row => row.GetValueOrDefault(name, double.NaN)), ref difference);
            }
        }

        if (fits && given.Vectors is { } vectors)
        {
            fits &= vectors.Zip(other.Vectors!).All(pair => pair.First.Count == pair.Second.Count)
                && Compare(vectors.SelectMany(vector => vector).Select(Convert.ToDouble), other.Vectors!.SelectMany(vector => vector).Select(Convert.ToDouble), ref difference);
        }

        return new ShadowComparison(fits && (difference ?? 0) <= tolerance, difference);
    }

    private static IEnumerable<string> Labels(IEnumerable<IEnumerable<LabelScore>> rows) => rows.SelectMany(row => row.Select(label => label.Label));

    /// <returns>Whether both can be compared; false too for bytes that differ.</returns>
    private static bool Compare(Tensor given, Tensor other, ref double? difference) => given.Type switch
    {
        TensorElementType.Fp32 => Compare<float>(given, other, ref difference),
        TensorElementType.Fp64 => Compare<double>(given, other, ref difference),
        TensorElementType.Fp16 => Compare<Half>(given, other, ref difference),
        TensorElementType.Int8 => Compare<sbyte>(given, other, ref difference),
        TensorElementType.Int16 => Compare<short>(given, other, ref difference),
        TensorElementType.Int32 => Compare<int>(given, other, ref difference),
        TensorElementType.Int64 => Compare<long>(given, other, ref difference),
        TensorElementType.UInt8 => Compare<byte>(given, other, ref difference),
        TensorElementType.UInt16 => Compare<ushort>(given, other, ref difference),
        TensorElementType.UInt32 => Compare<uint>(given, other, ref difference),
        TensorElementType.UInt64 => Compare<ulong>(given, other, ref difference),
        TensorElementType.Bf16 => Compare(Widened(given), Widened(other), ref difference),
        _ => given.Data.Span.SequenceEqual(other.Data.Span),
    };

    private static bool Compare<T>(Tensor given, Tensor other, ref double? difference)
        where T : unmanaged, INumber<T>
    {
        var mine = MemoryMarshal.Cast<byte, T>(given.Data.Span);
        var its = MemoryMarshal.Cast<byte, T>(other.Data.Span);
        var (apart, greatest, fits) = (0d, 0d, mine.Length == its.Length);
        for (var at = 0; fits && at < mine.Length; at++)
        {
            fits = Add(double.CreateSaturating(mine[at]), double.CreateSaturating(its[at]), ref apart, ref greatest);
        }

        Take(apart, greatest, ref difference);
        return fits;
    }

    private static bool Compare(IEnumerable<double> given, IEnumerable<double> other, ref double? difference)
    {
        var (apart, greatest, fits) = (0d, 0d, true);
        foreach (var (mine, its) in given.Zip(other))
        {
            fits &= Add(mine, its, ref apart, ref greatest);
        }

        Take(apart, greatest, ref difference);
        return fits;
    }

    /// <returns>False: one of both is no number, or infinite, and the other is not the same.</returns>
    private static bool Add(double mine, double its, ref double apart, ref double greatest)
    {
        if (!double.IsFinite(mine) || !double.IsFinite(its))
        {
            return mine.Equals(its);
        }

        apart = Math.Max(apart, Math.Abs(mine - its));
        greatest = Math.Max(greatest, Math.Max(Math.Abs(mine), Math.Abs(its)));
        return true;
    }

    private static void Take(double apart, double greatest, ref double? difference) =>
        difference = Math.Max(difference ?? 0, apart == 0 ? 0 : apart / greatest);

    private static IEnumerable<double> Widened(Tensor tensor) =>
        MemoryMarshal.Cast<byte, ushort>(tensor.Data.Span).ToArray().Select(bits => (double)BitConverter.Int32BitsToSingle(bits << 16));
}
