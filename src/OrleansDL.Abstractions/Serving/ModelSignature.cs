namespace OrleansDL.Serving;

/// <summary>Inputs and outputs of a model; the artifact's <c>signature.json</c>.</summary>
[GenerateSerializer, Immutable, Alias("model-signature")]
public sealed record ModelSignature
{
    [Id(0)] public required IReadOnlyList<TensorSpec> Inputs { get; init; }
    [Id(1)] public required IReadOnlyList<TensorSpec> Outputs { get; init; }

    /// <summary>Labels in the order of the outputs' last axis; null where the model has none.</summary>
    [Id(2)] public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>How it continues texts; null where it does not, and in the artifact's file.</summary>
    [Id(23)] public GenerationFacts? Generation { get; init; }

    /// <summary>Whether a request gets any number of answers rather than one; null: one.</summary>
    [Id(63)] public bool? Decoupled { get; init; }

    /// <summary>What is wrong with the inputs that a request gives, in the words that clients of the Open Inference Protocol look for; null: all that it must give are there, once each.</summary>
    /// <param name="given">Their names, each of them an input's.</param>
    /// <param name="model">What the message calls the model.</param>
    public string? Incomplete(IReadOnlyList<string> given, string model)
    {
        List<string> required = [.. Inputs.Where(input => !input.Optional).Select(input => input.Name)];
        List<string> missing = [.. required.Except(given, StringComparer.Ordinal)];
        if (missing.Count == 0 && given.Distinct(StringComparer.Ordinal).Count() == given.Count)
        {
            return null;
        }

        var expected = required.Count == Inputs.Count ? $"{required.Count} inputs" : $"number of inputs between {required.Count} and {Inputs.Count}";
        return $"expected {expected} but got {given.Count} inputs for model '{model}'. Got input(s) [{Quote(given)}], but missing required input(s) [{Quote(missing)}]. Please provide all required input(s).";
    }

    private static string Quote(IEnumerable<string> names) => string.Join(',', names.Select(name => $"'{name}'"));
}
