using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Repository;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Reads a tensor as ONNX stores it (<c>TensorProto</c>).</summary>
internal static class OnnxTensorFile
{
    public static Tensor Read(string path)
    {
        var input = new CodedInputStream(File.ReadAllBytes(path));
        var (name, type) = ("", 0UL);
        List<long> dims = [];
        List<ByteString> texts = [];
        byte[]? raw = null;
        using var typed = new MemoryStream();
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            var isPacked = WireFormat.GetTagWireType(tag) is WireFormat.WireType.LengthDelimited;
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    Each(input, isPacked, () => dims.Add(input.ReadInt64()));
                    break;
                case 2:
                    type = input.ReadUInt64();
                    break;
                case 4:
                    Each(input, isPacked, () => typed.Write(BitConverter.GetBytes(input.ReadFloat())));
                    break;
                case 5:
                    Each(input, isPacked, () => typed.Write(BitConverter.GetBytes(input.ReadInt32()).AsSpan(0, Math.Min(4, ModelSession.SizeOf(OnnxSignature.TypeOf(type))))));
                    break;
                case 6:
                    texts.Add(input.ReadBytes());
                    break;
                case 7:
                    Each(input, isPacked, () => typed.Write(BitConverter.GetBytes(input.ReadInt64())));
                    break;
                case 8:
                    name = input.ReadString();
                    break;
                case 9:
                    raw = input.ReadBytes().ToByteArray();
                    break;
                case 10:
                    Each(input, isPacked, () => typed.Write(BitConverter.GetBytes(input.ReadDouble())));
                    break;
                case 11:
                    Each(input, isPacked, () => typed.Write(BitConverter.GetBytes(input.ReadUInt64()).AsSpan(0, ModelSession.SizeOf(OnnxSignature.TypeOf(type)))));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return new Tensor { Name = name, Type = OnnxSignature.TypeOf(type), Shape = [.. dims], Data = OnnxSignature.TypeOf(type) is TensorElementType.Bytes ? Texts(texts) : raw ?? typed.ToArray() };
    }

    /// <summary>The elements as numbers, for comparison; texts have none.</summary>
    public static double[] Numbers(Tensor tensor) => tensor.Type switch
    {
        TensorElementType.Fp32 => Numbers<float>(tensor, value => value),
        TensorElementType.Fp64 => Numbers<double>(tensor, value => value),
        TensorElementType.Fp16 => Numbers<Half>(tensor, value => (double)value),
        TensorElementType.Bf16 => Numbers<ushort>(tensor, value => BitConverter.Int32BitsToSingle(value << 16)),
        TensorElementType.Int8 => Numbers<sbyte>(tensor, value => value),
        TensorElementType.Int16 => Numbers<short>(tensor, value => value),
        TensorElementType.Int32 => Numbers<int>(tensor, value => value),
        TensorElementType.Int64 => Numbers<long>(tensor, value => value),
        TensorElementType.UInt8 or TensorElementType.Bool => Numbers<byte>(tensor, value => value),
        TensorElementType.UInt16 => Numbers<ushort>(tensor, value => value),
        TensorElementType.UInt32 => Numbers<uint>(tensor, value => value),
        TensorElementType.UInt64 => Numbers<ulong>(tensor, value => value),
        _ => throw new ArgumentOutOfRangeException(nameof(tensor)),
    };

    private static double[] Numbers<T>(Tensor tensor, Func<T, double> convert)
        where T : unmanaged => [.. MemoryMarshal.Cast<byte, T>(tensor.Data.Span).ToArray().Select(convert)];

    private static void Each(CodedInputStream input, bool isPacked, Action read)
    {
        if (!isPacked)
        {
            read();
            return;
        }

        var end = input.ReadLength() + input.Position;
        while (input.Position < end)
        {
            read();
        }
    }

    private static byte[] Texts(List<ByteString> texts)
    {
        using var data = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            data.Write(length);
            data.Write(text.Span);
        }

        return data.ToArray();
    }
}
