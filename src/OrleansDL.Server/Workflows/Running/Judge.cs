using OrleansDL.Expressions;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows.Running;

/// <summary>Judges criteria. Each is judged and recorded, whatever the others say.</summary>
internal static class Judge
{
    public static IReadOnlyList<Verdict> All(StepDefinition step, Dictionary<string, Value> variables, Value.Map output, DateTimeOffset now)
    {
        foreach (var (name, value) in output.Entries)
        {
            variables[name] = value;
        }

        return [.. step.Criteria.Select(criterion => One(criterion.Key, criterion.Value, variables, now))];
    }

    private static Verdict One(string name, Expression expression, Dictionary<string, Value> variables, DateTimeOffset now)
    {
        var operands = new Operands();
        var passed = false;
        string? error = null;
        try
        {
            var value = expression.Evaluate(variables, now, operands);
            if (value is Value.Bool b)
            {
                passed = b.Is && operands.NotANumber is null;
                error = operands.NotANumber is { } nan ? $"'{nan}' is not a number (NaN)" : null;
            }
            else
            {
                error = $"it came to {ValueJson.Write(value)}, not to true or false";
            }
        }
        catch (ExpressionException problem)
        {
            error = problem.Message;
        }

        var result = new CriterionResult { Name = name, Expression = expression.Text, Passed = passed, Operands = operands.Values, Error = error };
        return new Verdict(result, IsDecided: error is null || operands.NotANumber is not null);
    }
}
