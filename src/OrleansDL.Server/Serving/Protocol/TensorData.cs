using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Numbers;

namespace OrleansDL.Serving.Protocol;

/// <summary>Reads a JSON <c>data</c> array, flat or nested, into the little-endian bytes of a tensor.</summary>
internal static class TensorData
{
    /// <param name="json">The request's JSON; numbers that are as they should be are read straight from it.</param>
    /// <param name="reader">Stands on the member's name; afterwards on the end of its array, or just behind it.</param>
    /// <param name="offset">Where in the JSON the reader's text begins.</param>
    /// <param name="call">Lends the buffer.</param>
    /// <param name="input">The input's name, for messages.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Its element count has been checked not to overflow.</param>
    public static ReadOnlyMemory<byte> Read(
        ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref int offset, InferenceCall call, string? input, TensorElementType type, long[] shape)
    {
        if (type is TensorElementType.Fp16 or TensorElementType.Bf16)
        {
            throw InferenceProtocolException.Invalid(
                $"receiving {Datatypes.NameOf(type)} data via JSON is not supported. Please use the binary data format for input {input}");
        }

        var before = reader;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw InferenceProtocolException.Invalid("Unable to parse 'data': attempt to access JSON non-array as array");
        }

        // Every element takes two bytes of JSON: a shape that claims more than the body can hold allocates nothing.
        if (!TensorSize.TryCount(shape, out var count) || count > call.JsonLength)
        {
            throw ShapeMismatch();
        }

        if (type is TensorElementType.Bytes)
        {
            return ReadStrings(ref reader, count);
        }

        var bytes = (int)count * Datatypes.SizeOf(type);
        var buffer = call.Rent(bytes);
        var target = buffer.AsSpan(0, bytes);
        var end = offset + (int)before.BytesConsumed;
        if (TryScan(json, ref end, InferenceRequestReader.MaximumDepth - reader.CurrentDepth, target, type))
        {
            reader = JsonArrays.Behind(json, end, before.CurrentState);
            offset = end;
            return buffer.AsMemory(0, bytes);
        }

        // Something in it is unusual or wrong: this way is slower and says what.
        var read = type switch
        {
            TensorElementType.Fp32 => ReadSingles(ref reader, MemoryMarshal.Cast<byte, float>(target)),
            TensorElementType.Fp64 => ReadDoubles(ref reader, MemoryMarshal.Cast<byte, double>(target)),
            TensorElementType.Int8 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, sbyte>(target), type),
            TensorElementType.Int16 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, short>(target), type),
            TensorElementType.Int32 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, int>(target), type),
            TensorElementType.Int64 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, long>(target), type),
            TensorElementType.UInt8 => ReadIntegers(ref reader, target, type),
            TensorElementType.UInt16 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, ushort>(target), type),
            TensorElementType.UInt32 => ReadIntegers(ref reader, MemoryMarshal.Cast<byte, uint>(target), type),
            TensorElementType.UInt64 => ReadUnsignedLongs(ref reader, MemoryMarshal.Cast<byte, ulong>(target)),
            _ => ReadBooleans(ref reader, target),
        };
        return read == count ? buffer.AsMemory(0, bytes) : throw ShapeMismatch();
    }

    private static bool TryScan(ReadOnlySpan<byte> json, ref int at, int depth, Span<byte> target, TensorElementType type) => type switch
    {
        TensorElementType.Fp32 => NumberArray.TryRead<float, SingleText>(json, ref at, depth, MemoryMarshal.Cast<byte, float>(target)),
        TensorElementType.Fp64 => NumberArray.TryRead<double, DoubleText>(json, ref at, depth, MemoryMarshal.Cast<byte, double>(target)),
        TensorElementType.Int8 => Integers<sbyte>(json, ref at, depth, target),
        TensorElementType.Int16 => Integers<short>(json, ref at, depth, target),
        TensorElementType.Int32 => Integers<int>(json, ref at, depth, target),
        TensorElementType.Int64 => Integers<long>(json, ref at, depth, target),
        TensorElementType.UInt8 => Integers<byte>(json, ref at, depth, target),
        TensorElementType.UInt16 => Integers<ushort>(json, ref at, depth, target),
        TensorElementType.UInt32 => Integers<uint>(json, ref at, depth, target),
        TensorElementType.UInt64 => Integers<ulong>(json, ref at, depth, target),
        _ => false,
    };

    private static bool Integers<T>(ReadOnlySpan<byte> json, ref int at, int depth, Span<byte> target)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        NumberArray.TryRead<T, IntegerText<T>>(json, ref at, depth, MemoryMarshal.Cast<byte, T>(target));

    private static int ReadSingles(ref Utf8JsonReader reader, Span<float> target)
    {
        var count = 0;
        var outer = reader.CurrentDepth;
        while (NextElement(ref reader, outer))
        {
            var value = default(float);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetSingle(out value) || !float.IsFinite(value))
            {
                throw WrongElement(ref reader, TensorElementType.Fp32);
            }

            Put(target, ref count, value);
        }

        return count;
    }

    private static int ReadDoubles(ref Utf8JsonReader reader, Span<double> target)
    {
        var count = 0;
        var outer = reader.CurrentDepth;
        while (NextElement(ref reader, outer))
        {
            var value = default(double);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out value) || !double.IsFinite(value))
            {
                throw WrongElement(ref reader, TensorElementType.Fp64);
            }

            Put(target, ref count, value);
        }

        return count;
    }

    private static int ReadIntegers<T>(ref Utf8JsonReader reader, Span<T> target, TensorElementType type)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var count = 0;
        var outer = reader.CurrentDepth;
        var minimum = long.CreateChecked(T.MinValue);
        var maximum = long.CreateChecked(T.MaxValue);
        while (NextElement(ref reader, outer))
        {
            var value = default(long);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out value) || value < minimum || value > maximum)
            {
                throw WrongElement(ref reader, type);
            }

            Put(target, ref count, T.CreateTruncating(value));
        }

        return count;
    }

    private static int ReadUnsignedLongs(ref Utf8JsonReader reader, Span<ulong> target)
    {
        var count = 0;
        var outer = reader.CurrentDepth;
        while (NextElement(ref reader, outer))
        {
            var value = default(ulong);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out value))
            {
                throw WrongElement(ref reader, TensorElementType.UInt64);
            }

            Put(target, ref count, value);
        }

        return count;
    }

    private static int ReadBooleans(ref Utf8JsonReader reader, Span<byte> target)
    {
        var count = 0;
        var outer = reader.CurrentDepth;
        while (NextElement(ref reader, outer))
        {
            var value = reader.TokenType switch
            {
                JsonTokenType.True => (byte)1,
                JsonTokenType.False => (byte)0,
                _ => throw WrongElement(ref reader, TensorElementType.Bool),
            };
            Put(target, ref count, value);
        }

        return count;
    }

    private static ReadOnlyMemory<byte> ReadStrings(ref Utf8JsonReader reader, long expected)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var count = 0L;
        var outer = reader.CurrentDepth;
        while (NextElement(ref reader, outer))
        {
            if (reader.TokenType != JsonTokenType.String)
            {
                throw WrongElement(ref reader, TensorElementType.Bytes);
            }

            // Unescaping never makes a string longer.
            var target = bytes.GetSpan(sizeof(uint) + reader.ValueSpan.Length);
            var length = reader.CopyString(target[sizeof(uint)..]);
            BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)length);
            bytes.Advance(sizeof(uint) + length);
            count++;
        }

        return count == expected ? bytes.WrittenMemory : throw ShapeMismatch();
    }

    /// <summary>Moves to the next element of the array or of the arrays in it; false at its end.</summary>
    private static bool NextElement(ref Utf8JsonReader reader, int outer)
    {
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    if (reader.CurrentDepth >= InferenceRequestReader.MaximumDepth)
                    {
                        throw InferenceRequestReader.TooDeep();
                    }

                    break;
                case JsonTokenType.EndArray:
                    if (reader.CurrentDepth == outer)
                    {
                        return false;
                    }

                    break;
                default:
                    return true;
            }
        }

        return false;
    }

    private static void Put<T>(Span<T> target, ref int count, T value)
    {
        if ((uint)count >= (uint)target.Length)
        {
            throw ShapeMismatch();
        }

        target[count++] = value;
    }

    private static InferenceProtocolException ShapeMismatch() =>
        InferenceProtocolException.Internal("Unable to parse 'data': Shape does not match true shape of 'data' field");

    private static InferenceProtocolException WrongElement(ref Utf8JsonReader reader, TensorElementType type)
    {
        const int LongestShown = 40;
        var text = reader.ValueSpan.Length <= LongestShown
            ? Encoding.UTF8.GetString(reader.ValueSpan)
            : Encoding.UTF8.GetString(reader.ValueSpan[..LongestShown]) + "...";
        return InferenceProtocolException.Invalid(reader.TokenType switch
        {
            JsonTokenType.Number => $"Unable to parse 'data': {text} is no {Datatypes.NameOf(type)} or out of its range",
            JsonTokenType.StartObject => $"Unable to parse 'data': an object is no {Datatypes.NameOf(type)}",
            _ => $"Unable to parse 'data': '{text}' is no {Datatypes.NameOf(type)}",
        });
    }
}
