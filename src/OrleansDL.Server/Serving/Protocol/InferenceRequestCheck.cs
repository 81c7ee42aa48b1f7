using System.Globalization;

namespace OrleansDL.Serving.Protocol;

/// <summary>Compares a request with the model's signature, in the words clients of the protocol look for.</summary>
internal static class InferenceRequestCheck
{
    private const string BatchNote = "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape. If you want to specify the full shape including the batch dim in your input dims config, try setting max_batch_size to zero. See the model configuration docs for more info on max_batch_size.";

    /// <param name="call">The request.</param>
    /// <param name="signature">What it is compared with.</param>
    /// <param name="model">What messages call the model.</param>
    /// <param name="maximumBatchSize">Rows at most; 0: the model has no batch axis that the server knows of.</param>
    public static void Check(InferenceCall call, ModelSignature signature, string model, int maximumBatchSize = 0)
    {
        foreach (var tensor in call.Inputs)
        {
            var spec = Find(signature.Inputs, tensor.Name)
                ?? throw InferenceProtocolException.Unfit(call.Id, $"unexpected inference input '{tensor.Name}' for model '{model}'");
            if (tensor.Type != spec.Type)
            {
                throw InferenceProtocolException.Unfit(
                    call.Id,
                    $"inference input '{tensor.Name}' data-type is '{Datatypes.NameOf(tensor.Type)}', but model '{model}' expects '{Datatypes.NameOf(spec.Type)}'");
            }

            if (maximumBatchSize > 0)
            {
                CheckBatch(call, tensor, model, maximumBatchSize);
            }

            if (!Fits(tensor.Shape, spec.Shape))
            {
                throw InferenceProtocolException.Unfit(
                    call.Id,
                    $"unexpected shape for input '{tensor.Name}' for model '{model}'. Expected {Format(spec.Shape)}, got {Format(tensor.Shape)}. {(maximumBatchSize > 0 ? BatchNote : "")}");
            }
        }

        CheckComplete(call, signature, model);
        foreach (var output in call.Outputs)
        {
            if (Find(signature.Outputs, output.Name) is null)
            {
                throw InferenceProtocolException.Unfit(call.Id, $"unexpected inference output '{output.Name}' for model '{model}'");
            }
        }
    }

    private static void CheckBatch(InferenceCall call, Tensor tensor, string model, int maximumBatchSize)
    {
        if (tensor.Shape.Length == 0)
        {
            throw InferenceProtocolException.Unfit(call.Id, $"input '{tensor.Name}' has no shape but model requires batch dimension for '{model}'");
        }

        if (call.Inputs[0].Shape is not [var rows, ..] || rows != tensor.Shape[0])
        {
            throw InferenceProtocolException.Unfit(call.Id, $"input '{tensor.Name}' batch size does not match other inputs for '{model}'");
        }

        if (rows > maximumBatchSize)
        {
            throw InferenceProtocolException.Unfit(call.Id, $"inference request batch-size must be <= {maximumBatchSize} for '{model}'");
        }
    }

    /// <summary><c>[-1,16]</c></summary>
    public static string Format(IReadOnlyList<long> shape) =>
        $"[{string.Join(',', shape.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture)))}]";

    private static void CheckComplete(InferenceCall call, ModelSignature signature, string model)
    {
        for (var i = 1; i < call.Inputs.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (call.Inputs[j].Name == call.Inputs[i].Name)
                {
                    throw InferenceProtocolException.Unfit(call.Id, $"input '{call.Inputs[i].Name}' already exists in request");
                }
            }
        }

        // Each is expected, and none is there twice: the same number means all.
        if (call.Inputs.Count == signature.Inputs.Count)
        {
            return;
        }

        if (signature.Incomplete([.. call.Inputs.Select(input => input.Name)], model) is { } lack)
        {
            throw InferenceProtocolException.Unfit(call.Id, lack);
        }
    }

    private static TensorSpec? Find(IReadOnlyList<TensorSpec> specs, string name)
    {
        for (var i = 0; i < specs.Count; i++)
        {
            if (specs[i].Name == name)
            {
                return specs[i];
            }
        }

        return null;
    }

    private static bool Fits(long[] shape, IReadOnlyList<long> expected)
    {
        if (shape.Length != expected.Count)
        {
            return false;
        }

        for (var i = 0; i < shape.Length; i++)
        {
            if (expected[i] >= 0 && expected[i] != shape[i])
            {
                return false;
            }
        }

        return true;
    }
}
