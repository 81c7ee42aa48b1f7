namespace OrleansDL.Serving;

/// <summary>Element types of the Open Inference Protocol. The numbers are ours and stored.</summary>
public enum TensorElementType
{
    Bool = 0,
    UInt8 = 1,
    UInt16 = 2,
    UInt32 = 3,
    UInt64 = 4,
    Int8 = 5,
    Int16 = 6,
    Int32 = 7,
    Int64 = 8,
    Fp16 = 9,
    Bf16 = 10,
    Fp32 = 11,
    Fp64 = 12,
    Bytes = 13,
}
