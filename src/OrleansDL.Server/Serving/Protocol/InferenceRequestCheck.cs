using System.Globalization;

namespace OrleansDL.Serving.Protocol;

/// <summary>Compares a request with the model's signature, in the words clients of the protocol look for.</summary>
internal static class InferenceRequestCheck
{
    public static void Check(InferenceCall call, ModelSignature signature, string model)
    {
        foreach (var tensor in call.Inputs)
        {
            var spec = Find(signature.Inputs, tensor.Name)
                ?? throw InferenceProtocolException.Invalid($"unexpected inference input '{tensor.Name}' for model '{model}'");
            if (tensor.Type != spec.Type)
            {
                throw InferenceProtocolException.Invalid(
                    $"inference input '{tensor.Name}' data-type is '{Datatypes.NameOf(tensor.Type)}', but model '{model}' expects '{Datatypes.NameOf(spec.Type)}'");
            }

            if (!Fits(tensor.Shape, spec.Shape))
            {
                throw InferenceProtocolException.Invalid(
                    $"unexpected shape for input '{tensor.Name}' for model '{model}'. Expected {Format(spec.Shape)}, got {Format(tensor.Shape)}. ");
            }
        }

        CheckComplete(call, signature, model);
        foreach (var output in call.Outputs)
        {
            if (Find(signature.Outputs, output.Name) is null)
            {
                throw InferenceProtocolException.Invalid($"unexpected inference output '{output.Name}' for model '{model}'");
            }
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
                    throw InferenceProtocolException.Invalid($"input '{call.Inputs[i].Name}' already exists in request");
                }
            }
        }

        // Each is expected, and none is there twice: the same number means all.
        if (call.Inputs.Count == signature.Inputs.Count)
        {
            return;
        }

        var got = string.Join(',', call.Inputs.Select(input => $"'{input.Name}'"));
        var missing = string.Join(',', signature.Inputs.Where(spec => !call.Inputs.Exists(input => input.Name == spec.Name)).Select(spec => $"'{spec.Name}'"));
        throw InferenceProtocolException.Invalid(
            $"expected {signature.Inputs.Count} inputs but got {call.Inputs.Count} inputs for model '{model}'. Got input(s) [{got}], but missing required input(s) [{missing}]. Please provide all required input(s).");
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
