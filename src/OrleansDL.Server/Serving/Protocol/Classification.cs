using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansDL.Serving.Protocol;

/// <summary>The protocol's classification extension: an output becomes its greatest values, each as the text <c>value:index[:label]</c>.</summary>
internal static class Classification
{
    private const int GreatestElements = 1_000_000;

    /// <summary>The answer as the caller wants it: in the order asked for, with every output classified that is wanted so.</summary>
    public static InferAnswer Apply(InferenceCall call, InferAnswer answer, Route route)
    {
        answer = InOrder(call, answer);
        if (call.Outputs.TrueForAll(output => output.Classes == 0))
        {
            return answer;
        }

        var signature = route.Signature!;
        var isBatched = route.Configuration is { } configuration ? configuration.MaximumBatchSize > 0 : signature.Inputs.Concat(signature.Outputs).All(tensor => tensor.Shape is [-1, ..]);
        return new InferAnswer
        {
            Outputs = [.. answer.Outputs.Select(output => call.Outputs.Find(requested => requested.Name == output.Name).Classes is > 0 and var classes
                ? Classify(output, classes, isBatched, route.Configuration?.Labels?.GetValueOrDefault(output.Name) ?? signature.Labels)
                : output)],
            Top = answer.Top,
            Times = answer.Times,
        };
    }

    private static InferAnswer InOrder(InferenceCall call, InferAnswer answer)
    {
        var isInOrder = true;
        for (var output = 0; output < call.Outputs.Count && isInOrder; output++)
        {
            isInOrder = output >= answer.Outputs.Count || answer.Outputs[output].Name == call.Outputs[output].Name;
        }

        return isInOrder
            ? answer
            : new InferAnswer { Outputs = [.. answer.Outputs.OrderBy(output => call.Outputs.FindIndex(asked => asked.Name == output.Name))], Top = answer.Top, Times = answer.Times };
    }

    private static Tensor Classify(Tensor output, int classes, bool isBatched, IReadOnlyList<string>? labels)
    {
        var data = output.Data.Span;
        var (values, elements) = output.Type switch
        {
            TensorElementType.Fp32 => Read<float>(data),
            TensorElementType.Fp64 => Read<double>(data),
            TensorElementType.Int8 => Read<sbyte>(data),
            TensorElementType.Int16 => Read<short>(data),
            TensorElementType.Int32 => Read<int>(data),
            TensorElementType.Int64 => Read<long>(data),
            TensorElementType.UInt8 => Read<byte>(data),
            TensorElementType.UInt16 => Read<ushort>(data),
            TensorElementType.UInt32 => Read<uint>(data),
            TensorElementType.UInt64 => Read<ulong>(data),
            _ => throw InferenceProtocolException.Invalid($"class result not available for output due to unsupported type '{Datatypes.NameOf(output.Type)}'"),
        };
        var rows = isBatched && output.Shape is [var batch, ..] ? (int)batch : 1;
        var each = rows == 0 ? 0 : elements / rows;
        if (elements > GreatestElements)
        {
            throw InferenceProtocolException.Invalid("classification output tensor too large");
        }

        var count = Math.Min(classes, each);
        using var bytes = new MemoryStream();
        for (var row = 0; row < rows; row++)
        {
            foreach (var index in values.Best(row * each, each, count))
            {
                Write(bytes, values.Text((row * each) + index), index, index < labels?.Count ? labels[index] : null);
            }
        }

        return new Tensor { Name = output.Name, Type = TensorElementType.Bytes, Shape = isBatched ? [rows, count] : [count], Data = bytes.ToArray() };
    }

    private static void Write(MemoryStream bytes, string value, int index, string? label)
    {
        var text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{value}:{index}") + (label is null ? "" : $":{label}"));
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        bytes.Write(length);
        bytes.Write(text);
    }

    private static (IValues Values, int Elements) Read<T>(ReadOnlySpan<byte> data)
        where T : unmanaged, INumber<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(data).ToArray();
        return (new Values<T>(values), values.Length);
    }

    private interface IValues
    {
        /// <summary>Positions of the greatest values of a row, greatest first; of equal ones the first.</summary>
        IEnumerable<int> Best(int start, int length, int count);

        /// <summary>As C++'s <c>std::to_string</c> writes it: integers plain, others with six decimals.</summary>
        string Text(int index);
    }

    private sealed class Values<T>(T[] values) : IValues
        where T : unmanaged, INumber<T>
    {
        public IEnumerable<int> Best(int start, int length, int count) =>
            Enumerable.Range(0, length).OrderByDescending(index => values[start + index]).Take(count);

        public string Text(int index) => values[index].ToString(values[index] is float or double ? "F6" : null, CultureInfo.InvariantCulture);
    }
}
