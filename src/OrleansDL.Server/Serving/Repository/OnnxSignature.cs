namespace OrleansDL.Serving.Repository;

/// <summary>Inputs and outputs as an ONNX file names them, read without the runtime, which servers do not have.</summary>
internal static class OnnxSignature
{
    private const int Graph = 7;
    private const int Initializer = 5;
    private const int Input = 11;
    private const int Output = 12;

    /// <summary>The signature; null when the file is no ONNX model, which whoever loads it says better.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="optional">Inputs to name though the graph has values for them.</param>
    public static ModelSignature? TryRead(Stream stream, IReadOnlySet<string>? optional = null)
    {
        try
        {
            return Read(new OnnxReader(stream), stream.Length, optional);
        }
        catch (Exception error) when (error is InvalidException or EndOfStreamException)
        {
            return null;
        }
    }

    private static ModelSignature? Read(OnnxReader reader, long length, IReadOnlySet<string>? optional)
    {
        List<TensorSpec> inputs = [];
        List<TensorSpec> outputs = [];
        HashSet<string> constants = [];
        reader.Fields(length, (field, end) =>
        {
            if (field != Graph)
            {
                return;
            }

            reader.Fields(end, (part, partEnd) =>
            {
                switch (part)
                {
                    case Initializer:
                        reader.Fields(partEnd, (name, nameEnd) =>
                        {
                            if (name == 8)
                            {
                                constants.Add(reader.Text(nameEnd));
                            }
                        });
                        break;
                    case Input:
                        inputs.Add(ReadValue(reader, partEnd));
                        break;
                    case Output:
                        outputs.Add(ReadValue(reader, partEnd));
                        break;
                }
            });
        });
        return outputs.Count == 0 ? null : new ModelSignature { Inputs = [.. inputs.Where(input => !constants.Contains(input.Name) || optional?.Contains(input.Name) is true)], Outputs = outputs };
    }

    // ValueInfoProto { name = 1; type = 2 } of TypeProto { tensor_type = 1 } of { elem_type = 1; shape = 2 } of { dim = 1 } of { dim_value = 1; dim_param = 2 }.
    private static TensorSpec ReadValue(OnnxReader reader, long end)
    {
        var name = "";
        var element = 0UL;
        List<long> shape = [];
        reader.Fields(end, (field, fieldEnd) =>
        {
            if (field == 1)
            {
                name = reader.Text(fieldEnd);
            }
            else if (field == 2)
            {
                reader.Fields(fieldEnd, (kind, kindEnd) =>
                {
                    if (kind == 1)
                    {
                        reader.Fields(kindEnd, (part, partEnd) => ReadShape(reader, part, partEnd, shape), (part, value) => element = part == 1 ? value : element);
                    }
                });
            }
        });
        return new TensorSpec { Name = name, Type = TypeOf(element), Shape = shape };
    }

    private static void ReadShape(OnnxReader reader, int part, long end, List<long> shape)
    {
        if (part == 2)
        {
            reader.Fields(end, (_, dimensionEnd) =>
            {
                var size = -1L;
                reader.Fields(dimensionEnd, (_, _) => { }, (field, value) => size = field == 1 && value <= long.MaxValue ? (long)value : size);
                shape.Add(size);
            });
        }
    }

    /// <summary>The element type of a number of ONNX's <c>TensorProto.DataType</c>.</summary>
    /// <exception cref="InvalidException">It is not served.</exception>
    public static TensorElementType TypeOf(ulong onnx) => onnx switch
    {
        1 => TensorElementType.Fp32,
        2 => TensorElementType.UInt8,
        3 => TensorElementType.Int8,
        4 => TensorElementType.UInt16,
        5 => TensorElementType.Int16,
        6 => TensorElementType.Int32,
        7 => TensorElementType.Int64,
        8 => TensorElementType.Bytes,
        9 => TensorElementType.Bool,
        10 => TensorElementType.Fp16,
        11 => TensorElementType.Fp64,
        12 => TensorElementType.UInt32,
        13 => TensorElementType.UInt64,
        16 => TensorElementType.Bf16,
        _ => throw new InvalidException($"The model has a tensor of ONNX element type {onnx}, which is not served."),
    };
}
