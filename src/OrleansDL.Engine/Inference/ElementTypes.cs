using OrleansDL.Serving;
using OnnxElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace OrleansDL.Inference;

/// <summary>Our element types as ONNX Runtime and the Open Inference Protocol name them.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element; 0 for BYTES, whose elements differ in size.</summary>
    public static int SizeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool or TensorElementType.UInt8 or TensorElementType.Int8 => 1,
        TensorElementType.UInt16 or TensorElementType.Int16 or TensorElementType.Fp16 or TensorElementType.Bf16 => 2,
        TensorElementType.UInt32 or TensorElementType.Int32 or TensorElementType.Fp32 => 4,
        TensorElementType.UInt64 or TensorElementType.Int64 or TensorElementType.Fp64 => 8,
        _ => 0,
    };

    public static string NameOf(TensorElementType type) => type.ToString().ToUpperInvariant();

    public static OnnxElementType ToOnnx(TensorElementType type) => type switch
    {
        TensorElementType.Bool => OnnxElementType.Bool,
        TensorElementType.UInt8 => OnnxElementType.UInt8,
        TensorElementType.UInt16 => OnnxElementType.UInt16,
        TensorElementType.UInt32 => OnnxElementType.UInt32,
        TensorElementType.UInt64 => OnnxElementType.UInt64,
        TensorElementType.Int8 => OnnxElementType.Int8,
        TensorElementType.Int16 => OnnxElementType.Int16,
        TensorElementType.Int32 => OnnxElementType.Int32,
        TensorElementType.Int64 => OnnxElementType.Int64,
        TensorElementType.Fp16 => OnnxElementType.Float16,
        TensorElementType.Bf16 => OnnxElementType.BFloat16,
        TensorElementType.Fp32 => OnnxElementType.Float,
        TensorElementType.Fp64 => OnnxElementType.Double,
        _ => OnnxElementType.String,
    };

    /// <exception cref="InvalidException">The model uses a type that no request can carry.</exception>
    public static TensorElementType FromOnnx(OnnxElementType type, string tensor) => type switch
    {
        OnnxElementType.Bool => TensorElementType.Bool,
        OnnxElementType.UInt8 => TensorElementType.UInt8,
        OnnxElementType.UInt16 => TensorElementType.UInt16,
        OnnxElementType.UInt32 => TensorElementType.UInt32,
        OnnxElementType.UInt64 => TensorElementType.UInt64,
        OnnxElementType.Int8 => TensorElementType.Int8,
        OnnxElementType.Int16 => TensorElementType.Int16,
        OnnxElementType.Int32 => TensorElementType.Int32,
        OnnxElementType.Int64 => TensorElementType.Int64,
        OnnxElementType.Float16 => TensorElementType.Fp16,
        OnnxElementType.BFloat16 => TensorElementType.Bf16,
        OnnxElementType.Float => TensorElementType.Fp32,
        OnnxElementType.Double => TensorElementType.Fp64,
        OnnxElementType.String => TensorElementType.Bytes,
        _ => throw new InvalidException($"The model's tensor '{tensor}' has element type {type}, which is not served."),
    };
}
