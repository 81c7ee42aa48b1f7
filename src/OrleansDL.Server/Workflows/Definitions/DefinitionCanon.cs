using System.Security.Cryptography;
using System.Text;
using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>The canonical form of a definition: JSON with keys in ordinal order, no spaces, defaults filled in, durations in
/// seconds. Two files that mean the same have the same form, so the same digest; comments and layout do not count.</summary>
internal static class DefinitionCanon
{
    public static BlobId Digest(WorkflowDefinition definition) =>
        BlobId.FromHash(SHA256.HashData(Encoding.UTF8.GetBytes(Write(definition))));

    public static string Write(WorkflowDefinition definition)
    {
        var fields = new Dictionary<string, Value>
        {
            ["apiVersion"] = Value.Of("orleansdl/v1"),
            ["kind"] = Value.Of("Workflow"),
            ["name"] = Value.Of(definition.Name),
            ["steps"] = Value.Of(definition.Steps.ToDictionary(step => step.Name, Step)),
        };
        if (definition.Inputs.Count > 0)
        {
            fields["inputs"] = Value.Of(definition.Inputs.ToDictionary(i => i.Key, i => Input(i.Value)));
        }

        if (definition.Triggers.Count > 0)
        {
            fields["triggers"] = Value.Of([.. definition.Triggers.Select(Trigger)]);
        }

        if (definition.Concurrency is { } concurrency)
        {
            fields["concurrency"] = Map(("limit", Value.Of((long)concurrency.Limit)), ("onConflict", Value.Of(concurrency.OnConflict)));
        }

        Add(fields, "deadlineSeconds", definition.Deadline);
        return ValueJson.Write(Value.Of(fields));
    }

    private static Value Input(InputDefinition input)
    {
        var fields = new Dictionary<string, Value> { ["type"] = Value.Of(input.Type) };
        if (input.Default is not null)
        {
            fields["default"] = input.Default;
        }

        return Value.Of(fields);
    }

    private static Value Trigger(TriggerDefinition trigger)
    {
        if (trigger.Cron is not null)
        {
            return Map(("cron", Value.Of(trigger.Cron)), ("timezone", Value.Of(trigger.TimeZone.Id)), ("catchup", Value.Of(trigger.CatchUp)));
        }

        var fields = new Dictionary<string, Value> { ["dataset"] = Value.Of(trigger.Dataset!) };
        if (trigger.Branch != "main")
        {
            fields["branch"] = Value.Of(trigger.Branch);
        }

        if (trigger.When is not null)
        {
            fields["when"] = Value.Of(trigger.When.Text);
        }

        Add(fields, "debounceSeconds", trigger.Debounce);
        return Value.Of(fields);
    }

    private static Value Step(StepDefinition step)
    {
        var fields = new Dictionary<string, Value>
        {
            ["uses"] = Value.Of(step.Uses),
            ["with"] = step.With.Written,
            ["needs"] = Value.Of([.. step.Needs.Order(StringComparer.Ordinal).Select(Value.Of)]),
            ["retry"] = Map(
                ("max", Value.Of((long)step.Retry.Max)),
                ("backoffSeconds", Seconds(step.Retry.Backoff)),
                ("factor", Value.Of(step.Retry.Factor)),
                ("on", Value.Of([.. step.Retry.On.Order(StringComparer.Ordinal).Select(Value.Of)]))),
        };
        if (step.If is not null)
        {
            fields["if"] = Value.Of(step.If.Text);
        }

        if (step.Criteria.Count > 0)
        {
            fields["criteria"] = Value.Of(step.Criteria.ToDictionary(c => c.Key, c => Value.Of(c.Value.Text)));
        }

        Add(fields, "timeoutSeconds", step.Timeout);
        return Value.Of(fields);
    }

    private static void Add(Dictionary<string, Value> fields, string name, TimeSpan? span)
    {
        if (span is { } given)
        {
            fields[name] = Seconds(given);
        }
    }

    private static Value Seconds(TimeSpan span) => span.Ticks % TimeSpan.TicksPerSecond == 0
        ? Value.Of(span.Ticks / TimeSpan.TicksPerSecond)
        : Value.Of(span.TotalSeconds);

    private static Value Map(params ReadOnlySpan<(string Key, Value Value)> fields)
    {
        var map = new Dictionary<string, Value>();
        foreach (var (key, value) in fields)
        {
            map[key] = value;
        }

        return Value.Of(map);
    }
}
