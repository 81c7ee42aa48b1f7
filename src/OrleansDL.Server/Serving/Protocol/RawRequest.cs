namespace OrleansDL.Serving.Protocol;

/// <summary>A request without JSON: the whole body is the data of the model's only input, whose shape follows from its size.</summary>
internal static class RawRequest
{
    /// <param name="body">The data.</param>
    /// <param name="signature">The model's, the batch axis included.</param>
    /// <param name="model">What messages call the model.</param>
    /// <param name="configuration">Says whether there is a batch axis; null: a first axis of any size is one.</param>
    public static InferenceCall Read(ReadOnlyMemory<byte> body, ModelSignature signature, string model, ServedConfiguration? configuration = null)
    {
        if (signature.Inputs.Count != 1)
        {
            throw InferenceProtocolException.Invalid(
                $"Raw request must only have 1 input (found 1) to be deduced but got {signature.Inputs.Count} inputs in '{model}' model configuration");
        }

        var spec = signature.Inputs[0];
        var call = new InferenceCall { BinaryDataOutput = true };
        var isBatched = configuration is null ? spec.Shape is [< 0, ..] : configuration.MaximumBatchSize > 0;
        call.Inputs.Add(spec.Type is TensorElementType.Bytes ? ReadText(body, spec, isBatched, configuration is null) : ReadNumbers(body, spec, isBatched, model));
        return call;
    }

    private static Tensor ReadText(ReadOnlyMemory<byte> body, TensorSpec spec, bool isBatched, bool mayLackAxis)
    {
        var own = isBatched ? spec.Shape.Skip(1).ToList() : [.. spec.Shape];
        if (own is not [1] && !(mayLackAxis && own.TrueForAll(dimension => dimension == 1)))
        {
            throw InferenceProtocolException.Invalid($"For BYTE datatype raw input '{spec.Name}', the model must have input shape [1]");
        }

        var data = new byte[sizeof(uint) + body.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(data, (uint)body.Length);
        body.Span.CopyTo(data.AsSpan(sizeof(uint)));
        return new Tensor { Name = spec.Name, Type = spec.Type, Shape = [.. spec.Shape.Select(_ => 1L)], Data = data };
    }

    private static Tensor ReadNumbers(ReadOnlyMemory<byte> body, TensorSpec spec, bool isBatched, string model)
    {
        // A raw request is one item; where the batch is all there is, its size follows like any other.
        var shape = spec.Shape.ToArray();
        if (shape.Length > 1 && isBatched)
        {
            shape[0] = 1;
        }

        if (shape.Count(dimension => dimension < 0) > 1)
        {
            throw InferenceProtocolException.Invalid(
                $"The shape of the raw input '{spec.Name}' can not be deduced because there are more than one variable-sized dimension");
        }

        long size = Datatypes.SizeOf(spec.Type);
        foreach (var dimension in shape)
        {
            size *= dimension < 0 ? 1 : dimension;
        }

        var variable = Array.IndexOf(shape, -1);
        if (variable >= 0 && size > 0)
        {
            shape[variable] = body.Length / size;
            size *= shape[variable];
        }

        return size == body.Length
            ? new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = body }
            : throw InferenceProtocolException.Invalid($"input byte size mismatch for input '{spec.Name}' for model '{model}'. Expected {size}, got {body.Length}");
    }
}
