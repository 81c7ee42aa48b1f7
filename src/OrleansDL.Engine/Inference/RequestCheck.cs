using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Checks a request against a signature, in the words that clients of the Open Inference Protocol look for.</summary>
internal static class RequestCheck
{
    public static void Check(InferRequest request, ModelSignature signature, string model)
    {
        foreach (var input in request.Inputs)
        {
            var expected = signature.Inputs.FirstOrDefault(candidate => candidate.Name == input.Name)
                ?? throw new InvalidException($"unexpected inference input '{input.Name}' for model '{model}'");
            CheckTensor(input, expected, model);
        }

        if (signature.Incomplete([.. request.Inputs.Select(input => input.Name)], model) is { } lack)
        {
            throw new InvalidException(lack);
        }

        foreach (var output in request.Outputs)
        {
            if (signature.Outputs.All(candidate => candidate.Name != output))
            {
                throw new InvalidException($"unexpected inference output '{output}' for model '{model}'");
            }
        }
    }

    private static void CheckTensor(Tensor input, TensorSpec expected, string model)
    {
        if (input.Type != expected.Type)
        {
            throw new InvalidException(
                $"inference input '{input.Name}' data-type is '{ElementTypes.NameOf(input.Type)}', but model '{model}' expects '{ElementTypes.NameOf(expected.Type)}'");
        }

        CheckBytes(input.Data.Length, input.Shape, expected, model);
    }

    /// <summary>Checks shape and number of bytes, which for BYTES follows from its contents only.</summary>
    public static void CheckBytes(long bytes, ReadOnlySpan<long> shape, TensorSpec expected, string model)
    {
        CheckShape(expected.Name, shape, expected, model);
        var size = ElementTypes.SizeOf(expected.Type);
        if (size > 0 && ByteSize(expected.Name, shape, size) is var needed && needed != bytes)
        {
            throw new InvalidException($"input byte size mismatch for input '{expected.Name}' for model '{model}'. Expected {needed}, got {bytes}");
        }
    }

    private static void CheckShape(string name, ReadOnlySpan<long> shape, TensorSpec expected, string model)
    {
        var fits = shape.Length == expected.Shape.Count;
        for (var axis = 0; fits && axis < shape.Length; axis++)
        {
            fits = shape[axis] >= 0 && (expected.Shape[axis] < 0 || expected.Shape[axis] == shape[axis]);
        }

        if (!fits)
        {
            throw new InvalidException(
                $"unexpected shape for input '{name}' for model '{model}'. Expected [{string.Join(',', expected.Shape)}], got [{string.Join(',', shape.ToArray())}]. ");
        }
    }

    private static long ByteSize(string name, ReadOnlySpan<long> shape, int size)
    {
        try
        {
            long bytes = size;
            foreach (var length in shape)
            {
                bytes = checked(bytes * length);
            }

            return bytes;
        }
        catch (OverflowException)
        {
            throw new InvalidException(
                $"invalid shape for input '{name}': shape [{string.Join(',', shape.ToArray())}] causes total element count to exceed maximum size of {long.MaxValue}");
        }
    }
}
