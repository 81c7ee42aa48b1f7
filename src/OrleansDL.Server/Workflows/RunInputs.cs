using System.Text.Json;
using OrleansDL.Expressions;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows;

/// <summary>A run's inputs: those given, and the defaults of the others.</summary>
internal static class RunInputs
{
    /// <param name="definition">What declares them.</param>
    /// <param name="given">A JSON object, or null.</param>
    /// <exception cref="InvalidException">An input is unknown, missing, or of another type.</exception>
    public static string Merge(WorkflowDefinition definition, string? given)
    {
        var values = definition.Inputs.Values.Where(input => input.Default is not null)
            .ToDictionary(input => input.Name, input => input.Default!, StringComparer.Ordinal);
        foreach (var (name, value) in Parse(given))
        {
            if (!definition.Inputs.TryGetValue(name, out var input))
            {
                throw new InvalidException($"Workflow '{definition.Name}' has no input '{name}'; it has {(definition.Inputs.Count == 0 ? "none" : string.Join(", ", definition.Inputs.Keys))}.");
            }

            if (!input.Accepts(value))
            {
                throw new InvalidException($"Input '{name}' of workflow '{definition.Name}' must be of type {input.Type}, but is {ValueJson.Write(value)}.");
            }

            values[name] = value;
        }

        var missing = definition.Inputs.Keys.FirstOrDefault(name => !values.ContainsKey(name));
        return missing is null
            ? ValueJson.Write(Value.Of(values))
            : throw new InvalidException($"Workflow '{definition.Name}' needs the input '{missing}'.");
    }

    private static IReadOnlyDictionary<string, Value> Parse(string? given)
    {
        if (given is null)
        {
            return new Dictionary<string, Value>();
        }

        try
        {
            return ValueJson.Parse(given) is Value.Map map ? map.Entries : throw new InvalidException("The inputs of a run are a JSON object.");
        }
        catch (JsonException problem)
        {
            throw new InvalidException($"The inputs of the run are no JSON: {problem.Message}");
        }
    }
}
