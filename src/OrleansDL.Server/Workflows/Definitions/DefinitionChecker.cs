using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Expressions;
using OrleansDL.Training;
using OrleansDL.Workflows.Steps;

namespace OrleansDL.Workflows.Definitions;

/// <summary>Checks what a definition says against what there is to say: kinds of steps, their inputs, names and types in
/// expressions, and the order of steps. Whether named things exist is asked elsewhere.</summary>
internal sealed class DefinitionChecker
{
    /// <summary>The fields of <c>dataset.committed</c>, which a trigger's <c>when</c> can use.</summary>
    public static readonly IReadOnlyDictionary<string, ExpressionType> WhenScope = new Dictionary<string, ExpressionType>
    {
        ["event"] = ExpressionType.Object(new Dictionary<string, ExpressionType>
        {
            ["id"] = ExpressionType.String,
            ["type"] = ExpressionType.String,
            ["project"] = ExpressionType.String,
            ["subject"] = ExpressionType.String,
            ["sequence"] = ExpressionType.Int,
            ["time"] = ExpressionType.Timestamp,
            ["dataset"] = ExpressionType.String,
            ["name"] = ExpressionType.String,
            ["version"] = ExpressionType.Int,
            ["commit"] = ExpressionType.String,
            ["branch"] = ExpressionType.String,
            ["moved"] = ExpressionType.Bool,
            ["tags"] = ExpressionType.ListOf(ExpressionType.String),
            ["rows"] = ExpressionType.Int,
            ["rowsAdded"] = ExpressionType.Int,
            ["schemaChanged"] = ExpressionType.Bool,
        }),
    };

    private static readonly JsonSerializerOptions Strict = new(OdlJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private readonly WorkflowDefinition _definition;
    private readonly ExpressionType _inputs;
    private readonly Dictionary<string, ExpressionType> _outputs;

    private DefinitionChecker(WorkflowDefinition definition)
    {
        _definition = definition;
        _inputs = ExpressionType.Object(definition.Inputs.ToDictionary(i => i.Key, i => i.Value.ExpressionType));
        _outputs = definition.Steps.ToDictionary(
            step => step.Name, step => ExpressionType.Object(OutputsOf(step)), StringComparer.Ordinal);
    }

    /// <summary>Checks the definition, and gives its steps in an order in which each comes after those it needs.</summary>
    /// <exception cref="InvalidException">Something in it is wrong; the message has its path and line.</exception>
    public static IReadOnlyList<StepDefinition> Check(WorkflowDefinition definition)
    {
        var checker = new DefinitionChecker(definition);
        foreach (var step in definition.Steps)
        {
            checker.CheckStep(step);
        }

        return Order(definition);
    }

    /// <exception cref="InvalidException">The expression is wrong, or no truth value.</exception>
    public static void CheckBool(Expression expression, IReadOnlyDictionary<string, ExpressionType> scope, Place at)
    {
        ExpressionType type;
        try
        {
            type = expression.Check(scope);
        }
        catch (ExpressionException problem)
        {
            throw at.Wrong($"{problem.Message} in '{expression.Text}'.");
        }

        if (!type.MayBe(TypeKind.Bool))
        {
            throw at.Wrong($"'{expression.Text}' is a {type}; a condition must be true or false.");
        }
    }

    private static StepSignature SignatureOf(StepDefinition step) => StepSignatures.All.TryGetValue(step.Uses, out var signature)
        ? signature
        : throw step.At.Wrong($"there is no step type '{step.Uses}'; known are {string.Join(", ", StepSignatures.All.Keys.Order(StringComparer.Ordinal))}.");

    // A run that registers nothing answers no model: better told now than when the next step asks for it.
    private static Dictionary<string, ExpressionType> OutputsOf(StepDefinition step) => SignatureOf(step).Outputs
        .Where(output => step.Uses != StepSignatures.Train.Uses || output.Key != "model" || step.With.Entries.ContainsKey("registerAs"))
        .ToDictionary(output => output.Key, output => output.Value, StringComparer.Ordinal);

    private void CheckStep(StepDefinition step)
    {
        var signature = SignatureOf(step);
        var scope = ScopeOf(step);
        if (step.If is not null)
        {
            CheckBool(step.If, scope, step.Places["if"]);
        }

        foreach (var (key, argument) in step.With.Entries)
        {
            var input = signature.Inputs.GetValueOrDefault(key)
                ?? throw argument.At.Wrong($"{step.Uses} takes no '{key}'; it takes {string.Join(", ", signature.Inputs.Keys.Order(StringComparer.Ordinal))}.");
            var type = argument.Check(scope);
            if (!input.Accepts(type))
            {
                throw argument.At.Wrong($"must be a {input.Type}, but is a {type}.");
            }
        }

        foreach (var key in signature.Inputs.Where(input => input.Value.Required).Select(input => input.Key))
        {
            if (!step.With.Entries.ContainsKey(key))
            {
                throw step.With.At.Wrong($"{step.Uses} needs '{key}'.");
            }
        }

        CheckParticulars(step);
        var judged = scope.Concat(OutputsOf(step)).GroupBy(e => e.Key).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal);
        foreach (var (name, criterion) in step.Criteria)
        {
            CheckBool(criterion, judged, step.Places[$"criteria.{name}"]);
        }
    }

    private Dictionary<string, ExpressionType> ScopeOf(StepDefinition step) => new(StringComparer.Ordinal)
    {
        ["inputs"] = _inputs,
        ["steps"] = ExpressionType.Object(_outputs.Where(o => o.Key != step.Name).ToDictionary(o => o.Key, o => o.Value)),
        ["event"] = ExpressionType.Dyn,
        ["run"] = ExpressionType.Object(new Dictionary<string, ExpressionType>
        {
            ["id"] = ExpressionType.String,
            ["workflow"] = ExpressionType.String,
            ["version"] = ExpressionType.Int,
            ["trigger"] = ExpressionType.String,
            ["project"] = ExpressionType.String,
        }),
    };

    private static void CheckParticulars(StepDefinition step)
    {
        var with = step.With.Entries;
        if (step.Uses == StepSignatures.Train.Uses)
        {
            CheckShape<NetworkSpec>(with["network"]);
            CheckShape<InputSpec>(with.GetValueOrDefault("input"));
        }
        else if (step.Uses == StepSignatures.Deploy.Uses && with.ContainsKey("deployment") == with.ContainsKey("endpoint"))
        {
            throw step.With.At.Wrong($"{step.Uses} needs either 'deployment' or 'endpoint', the name of the deployment.");
        }
    }

    private static void CheckShape<T>(Argument? argument)
    {
        if (argument is null || !argument.IsConstant)
        {
            return;
        }

        try
        {
            JsonSerializer.Deserialize<T>(ValueJson.Write(argument.Written), Strict);
        }
        catch (JsonException problem)
        {
            throw argument.At.Wrong(problem.Message);
        }
    }

    private static List<StepDefinition> Order(WorkflowDefinition definition)
    {
        var ordered = new List<StepDefinition>();
        var placed = new HashSet<string>(StringComparer.Ordinal);
        var left = definition.Steps.ToList();
        while (left.Count > 0)
        {
            var next = left.Find(step => step.Needs.All(placed.Contains));
            if (next is null)
            {
                var cycle = FindCycle(left);
                throw definition.Step(cycle[0]).At.Wrong($"the steps wait for each other: {string.Join(" -> ", cycle)}. Break the circle.");
            }

            left.Remove(next);
            placed.Add(next.Name);
            ordered.Add(next);
        }

        return ordered;
    }

    // Every step left needs another one left, so walking on must come back.
    private static List<string> FindCycle(List<StepDefinition> left)
    {
        var walk = new List<string> { left[0].Name };
        while (true)
        {
            var current = left.Find(step => step.Name == walk[^1])!;
            var next = current.Needs.First(need => left.Exists(step => step.Name == need));
            var seen = walk.IndexOf(next);
            walk.Add(next);
            if (seen >= 0)
            {
                return walk[seen..];
            }
        }
    }
}
