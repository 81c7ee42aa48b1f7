using System.Text.RegularExpressions;
using Cronos;
using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>Turns a workflow file into its definition. Whatever is not understood is refused with its path and line.</summary>
internal static partial class DefinitionReader
{
    private const int MaximumSteps = 200;

    /// <exception cref="InvalidException">The file is no workflow this version can carry out.</exception>
    public static WorkflowDefinition Read(string yaml)
    {
        var map = new MapReader(YamlReader.Read(yaml));
        Expect(map, "apiVersion", "orleansdl/v1");
        Expect(map, "kind", "Workflow");
        var nameNode = map.Need("name");
        var name = MapReader.Text(nameNode);
        if (!Names.IsValid(name))
        {
            throw nameNode.At.Wrong($"'{name}' is no workflow name. A name starts with a letter or digit, goes on with letters, digits, '.', '_' or '-', and has 128 characters at most.");
        }

        map.Refuse("finally", "Put what must follow into a step, or react to the event workflow-run.finished.");
        var inputs = ReadInputs(map.Take("inputs"));
        var triggers = ReadTriggers(map.Take("triggers"));
        var concurrency = ReadConcurrency(map.Take("concurrency"));
        var deadline = map.TakeDuration("deadline");
        var (timeout, retry) = ReadDefaults(map.Take("defaults"));
        var steps = ReadSteps(map.Need("steps"), timeout, retry);
        map.Done();
        foreach (var trigger in triggers)
        {
            foreach (var input in inputs.Values.Where(input => input.Default is null))
            {
                throw input.At.Wrong($"needs a 'default', for the trigger at line {trigger.At.Line} starts runs that are given no inputs.");
            }
        }

        return new WorkflowDefinition
        {
            Name = name,
            Inputs = inputs,
            Triggers = triggers,
            Concurrency = concurrency,
            Deadline = deadline,
            Steps = steps,
        };
    }

    private static void Expect(MapReader map, string key, string value)
    {
        var node = map.Need(key);
        if (node.Text != value)
        {
            throw node.At.Wrong($"must be '{value}', but is '{node.Text}'.");
        }
    }

    private static Dictionary<string, InputDefinition> ReadInputs(YamlNode? node)
    {
        var inputs = new Dictionary<string, InputDefinition>(StringComparer.Ordinal);
        foreach (var (name, body) in Entries(node))
        {
            CheckIdentifier(name, body.At, "an input's name");
            var map = new MapReader(body);
            var type = map.TakeOneOf("type", InputDefinition.Types) ?? throw map.At.Wrong("'type' is missing.");
            var given = map.Take("default");
            map.Done();
            var input = new InputDefinition { Name = name, Type = type, Default = given is null ? null : Argument.Read(given).Written, At = body.At };
            if (input.Default is not null && (!input.Accepts(input.Default) || !Argument.Read(given!).IsConstant))
            {
                throw given!.At.Wrong($"must be a constant of type {type}, but is {given.Shape}.");
            }

            inputs.Add(name, input);
        }

        return inputs;
    }

    private static List<TriggerDefinition> ReadTriggers(YamlNode? node)
    {
        var triggers = new List<TriggerDefinition>();
        if (node is null)
        {
            return triggers;
        }

        foreach (var item in node.Items ?? throw node.At.Wrong($"must be a list, but is {node.Shape}."))
        {
            var map = new MapReader(item);
            foreach (var kind in new[] { "alert", "model", "webhook", "workflow" })
            {
                map.Refuse(kind, "Triggers are 'dataset' and 'cron'; a run can also be started by hand.");
            }

            var trigger = map.Take("dataset") is { } dataset ? ReadDatasetTrigger(map, dataset) : ReadCronTrigger(map);
            map.Done();
            triggers.Add(trigger);
        }

        return triggers;
    }

    private static TriggerDefinition ReadDatasetTrigger(MapReader map, YamlNode dataset)
    {
        var name = MapReader.Text(dataset);
        if (name.Contains('@', StringComparison.Ordinal))
        {
            throw dataset.At.Wrong($"'{name}' names one version; a trigger watches a dataset: leave '@...' out.");
        }

        map.Refuse("cooldown", "Use 'debounce', or a condition under 'when'.");
        var branch = map.Take("branch") is { } node ? MapReader.Text(node) : "main";
        var when = map.Take("when");
        var expression = when is null ? null : MapReader.ParseExpression(when);
        if (expression is not null)
        {
            DefinitionChecker.CheckBool(expression, DefinitionChecker.WhenScope, when!.At);
        }

        return new TriggerDefinition { Dataset = name, Branch = branch, When = expression, Debounce = map.TakeDuration("debounce"), At = map.At };
    }

    private static TriggerDefinition ReadCronTrigger(MapReader map)
    {
        var node = map.Take("cron") ?? throw map.At.Wrong("is no trigger: it has neither 'dataset' nor 'cron'.");
        CronExpression schedule;
        try
        {
            schedule = CronExpression.Parse(node.Text, node.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (CronFormatException problem)
        {
            throw node.At.Wrong($"'{node.Text}' is no cron schedule: {problem.Message}");
        }

        var zone = TimeZoneInfo.Utc;
        if (map.Take("timezone") is { } named && !TimeZoneInfo.TryFindSystemTimeZoneById(named.Text, out zone))
        {
            throw named.At.Wrong($"'{named.Text}' is no time zone known here. Write for example Europe/London or UTC.");
        }

        return new TriggerDefinition
        {
            Cron = node.Text,
            Schedule = schedule,
            TimeZone = zone,
            CatchUp = map.TakeOneOf("catchup", "none", "latest", "all") ?? "latest",
            At = map.At,
        };
    }

    private static ConcurrencyDefinition? ReadConcurrency(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var map = new MapReader(node);
        map.Refuse("group", "Leave it out: the limit then holds for the runs of this workflow.");
        var limit = map.TakeInt("limit", 1, 100) ?? 1;
        var onConflict = map.TakeOneOf("onConflict", "queue", "replace", "skip") ?? "queue";
        map.Done();
        return new ConcurrencyDefinition((int)limit, onConflict);
    }

    private static (TimeSpan? Timeout, RetryDefinition Retry) ReadDefaults(YamlNode? node)
    {
        if (node is null)
        {
            return (null, RetryDefinition.Never);
        }

        var map = new MapReader(node);
        var timeout = map.TakeDuration("timeout");
        var retry = ReadRetry(map.Take("retry"), RetryDefinition.Never);
        map.Done();
        return (timeout, retry);
    }

    private static RetryDefinition ReadRetry(YamlNode? node, RetryDefinition otherwise)
    {
        if (node is null)
        {
            return otherwise;
        }

        var map = new MapReader(node);
        var retry = new RetryDefinition { Max = (int)(map.TakeInt("max", 0, 100) ?? 1) };
        retry = retry with { Backoff = map.TakeDuration("backoff") ?? retry.Backoff };
        if (map.Take("factor") is { } factor)
        {
            retry = retry with
            {
                Factor = factor.Scalar switch
                {
                    Value.Int { Number: >= 1 and <= 10 } i => i.Number,
                    Value.Double { Number: >= 1 and <= 10 } d => d.Number,
                    _ => throw factor.At.Wrong($"must be a number from 1 to 10, but is '{factor.Text}'."),
                },
            };
        }

        if (map.Take("on") is { } on)
        {
            var kinds = Texts(on);
            foreach (var (kind, at) in kinds.Where(k => !RetryDefinition.Kinds.Contains(k.Text, StringComparer.Ordinal)))
            {
                throw at.Wrong($"'{kind}' is not one of {string.Join(", ", RetryDefinition.Kinds)}.");
            }

            retry = retry with { On = [.. kinds.Select(k => k.Text)] };
        }

        map.Done();
        return retry;
    }

    private static List<StepDefinition> ReadSteps(YamlNode node, TimeSpan? timeout, RetryDefinition retry)
    {
        var entries = Entries(node).ToList();
        if (entries.Count is 0 or > MaximumSteps)
        {
            throw node.At.Wrong($"has {entries.Count} steps; a workflow has 1 to {MaximumSteps}.");
        }

        var names = entries.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        return [.. entries.Select(entry => ReadStep(entry.Key, entry.Value, names, timeout, retry))];
    }

    private static StepDefinition ReadStep(string name, YamlNode node, HashSet<string> names, TimeSpan? timeout, RetryDefinition retry)
    {
        CheckIdentifier(name, node.At, "a step's name");
        var map = new MapReader(node);
        map.Refuse("forEach", "Write one step for each item.");
        map.Refuse("maxParallel", "Use 'needs' to order steps.");
        map.Refuse("approval", "Judge with 'criteria', and deploy by hand where a person must decide.");
        map.Refuse("guard", "Judge before the deployment, with 'criteria'.");
        map.Refuse("cache", "Every step runs.");
        map.Refuse("resources", "train.run@1 takes 'slots' and 'threads' under 'with'.");

        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        var condition = map.Take("if");
        if (condition is not null)
        {
            places["if"] = condition.At;
        }

        var criteria = new List<KeyValuePair<string, Expression>>();
        foreach (var (key, body) in Entries(map.Take("criteria")))
        {
            places[$"criteria.{key}"] = body.At;
            criteria.Add(new(key, MapReader.ParseExpression(body)));
        }

        var with = map.Take("with");
        var step = new StepDefinition
        {
            Name = name,
            Uses = map.NeedText("uses"),
            With = with is null ? new Argument.MapOf(new Dictionary<string, Argument>(), node.At)
                : Argument.Read(with) as Argument.MapOf ?? throw with.At.Wrong($"must be a map, but is {with.Shape}."),
            If = condition is null ? null : MapReader.ParseExpression(condition),
            Criteria = criteria,
            Timeout = map.TakeDuration("timeout") ?? timeout,
            Retry = ReadRetry(map.Take("retry"), retry),
            At = node.At,
            Places = places,
        };
        var needs = map.Take("needs") is { } listed ? Texts(listed) : [];
        map.Done();
        foreach (var (need, at) in needs.Where(need => !names.Contains(need.Text)))
        {
            throw at.Wrong($"there is no step '{need}'; the steps are {string.Join(", ", names)}.");
        }

        return step with { Needs = [.. needs.Select(need => need.Text).Union(Read(step)).Distinct(StringComparer.Ordinal)] };
    }

    // Unknown names among them are reported by the checker, where the position is known.
    private static IEnumerable<string> Read(StepDefinition step) => step.With.Expressions
        .Concat(step.If is null ? [] : [step.If])
        .Concat(step.Criteria.Select(criterion => criterion.Value))
        .SelectMany(expression => expression.MembersOf("steps"))
        .OfType<string>();

    private static IEnumerable<KeyValuePair<string, YamlNode>> Entries(YamlNode? node) => node is null
        ? []
        : node.Entries ?? throw node.At.Wrong($"must be a map, but is {node.Shape}.");

    private static List<(string Text, Place At)> Texts(YamlNode node) => node.Items is { } items
        ? [.. items.Select(item => (MapReader.Text(item), item.At))]
        : [(MapReader.Text(node), node.At)];

    private static void CheckIdentifier(string name, Place at, string what)
    {
        if (!Identifier().IsMatch(name))
        {
            throw at.Wrong($"'{name}' cannot be {what}: expressions must be able to say it. Use letters, digits and '_', starting with a letter, 64 at most.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}
