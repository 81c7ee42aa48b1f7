namespace OrleansDL.Serving.Protocol;

/// <summary>The protocol's names of the element types, and the bytes one element takes.</summary>
internal static class Datatypes
{
    private static readonly string[] Names =
        ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64", "BYTES"];

    public static string NameOf(TensorElementType type) => Names[(int)type];

    public static bool TryParse(string name, out TensorElementType type)
    {
        var index = Array.IndexOf(Names, name);
        type = (TensorElementType)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Bytes of one element; 0 for BYTES, whose elements differ in size.</summary>
    public static int SizeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool or TensorElementType.UInt8 or TensorElementType.Int8 => 1,
        TensorElementType.UInt16 or TensorElementType.Int16 or TensorElementType.Fp16 or TensorElementType.Bf16 => 2,
        TensorElementType.UInt32 or TensorElementType.Int32 or TensorElementType.Fp32 => 4,
        TensorElementType.UInt64 or TensorElementType.Int64 or TensorElementType.Fp64 => 8,
        _ => 0,
    };
}
