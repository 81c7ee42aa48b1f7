namespace OrleansDL.Onnx;

/// <summary>Element types as TensorProto.DataType numbers them.</summary>
internal enum OnnxType
{
    Float = 1,
    Int32 = 6,
    Int64 = 7,
}
