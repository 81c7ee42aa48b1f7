using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using OrleansDL.Expressions;

namespace OrleansDL.Serving.Ensembles;

/// <summary>Tensors and parameters as values of the expression language.</summary>
internal static class StepValues
{
    private const int MaximumElements = 10_000;

    public static ExpressionType TypeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool => ExpressionType.Bool,
        TensorElementType.Bytes => ExpressionType.String,
        TensorElementType.Fp16 or TensorElementType.Bf16 or TensorElementType.Fp32 or TensorElementType.Fp64 => ExpressionType.Double,
        _ => ExpressionType.Int,
    };

    /// <summary>The elements of a tensor, row by row.</summary>
    /// <exception cref="InvalidException">They are too many for a condition, or no text.</exception>
    public static Value Of(Tensor tensor)
    {
        var data = tensor.Data.Span;
        return tensor.Type switch
        {
            TensorElementType.Bool => List<byte>(tensor, value => Value.Of(value != 0)),
            TensorElementType.UInt8 => List<byte>(tensor, value => Value.Of((long)value)),
            TensorElementType.UInt16 => List<ushort>(tensor, value => Value.Of((long)value)),
            TensorElementType.UInt32 => List<uint>(tensor, value => Value.Of((long)value)),
            TensorElementType.UInt64 => List<ulong>(tensor, value => value > long.MaxValue ? Value.Of((double)value) : Value.Of((long)value)),
            TensorElementType.Int8 => List<sbyte>(tensor, value => Value.Of((long)value)),
            TensorElementType.Int16 => List<short>(tensor, value => Value.Of((long)value)),
            TensorElementType.Int32 => List<int>(tensor, value => Value.Of((long)value)),
            TensorElementType.Int64 => List<long>(tensor, Value.Of),
            TensorElementType.Fp16 => List<Half>(tensor, value => Value.Of((double)value)),
            TensorElementType.Bf16 => List<ushort>(tensor, value => Value.Of((double)BitConverter.UInt32BitsToSingle((uint)value << 16))),
            TensorElementType.Fp32 => List<float>(tensor, value => Value.Of((double)value)),
            TensorElementType.Fp64 => List<double>(tensor, Value.Of),
            _ => Texts(tensor, data),
        };
    }

    public static Value Of(IReadOnlyDictionary<string, string>? parameters) => Value.Of(
        (parameters ?? new Dictionary<string, string>()).ToDictionary(parameter => parameter.Key, parameter => ValueJson.Parse(parameter.Value), StringComparer.Ordinal));

    private static Value List<T>(Tensor tensor, Func<T, Value> valueOf)
        where T : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, T>(tensor.Data.Span);
        CheckCount(tensor, elements.Length);
        var values = new Value[elements.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = valueOf(elements[index]);
        }

        return Value.Of(values);
    }

    private static Value Texts(Tensor tensor, ReadOnlySpan<byte> data)
    {
        var values = new List<Value>();
        while (data.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(data) is var length && length <= data.Length - sizeof(uint))
        {
            values.Add(Value.Of(Encoding.UTF8.GetString(data.Slice(sizeof(uint), (int)length))));
            CheckCount(tensor, values.Count);
            data = data[(sizeof(uint) + (int)length)..];
        }

        return Value.Of(values);
    }

    private static void CheckCount(Tensor tensor, int count)
    {
        if (count > MaximumElements)
        {
            throw new InvalidException($"its condition asks for tensor '{tensor.Name}', which has more than {MaximumElements} elements. Let a step make less of it first.");
        }
    }
}
