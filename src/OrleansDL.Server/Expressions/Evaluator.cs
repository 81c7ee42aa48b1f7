using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansDL.Expressions;

/// <summary>Evaluates one expression once, within a cost.</summary>
internal sealed class Evaluator(
    string text, IReadOnlyDictionary<string, Value> variables, DateTimeOffset now, Operands operands)
{
    /// <summary>Operations one evaluation may take.</summary>
    public const int MaximumCost = 100_000;

    private const int CharactersPerOperation = 16;

    private readonly Dictionary<string, Value> _variables = new(variables, StringComparer.Ordinal);
    private int _cost;

    // Above zero: inside a longer path, or where a bound variable is in play. Neither is an operand a reader knows.
    private int _quiet;

    public Value Evaluate(Node node)
    {
        Spend(1, node);
        switch (node)
        {
            case Node.Literal literal:
                return literal.Value;
            case Node.Name or Node.Member or Node.Index or Node.Projection:
                return ReadPath(node);
            case Node.Comprehension comprehension:
                return Comprehend(comprehension);
            case Node.Call call:
                return Call(call);
            case Node.Unary unary:
                return Negate(unary);
            case Node.Binary binary:
                return Combine(binary);
            case Node.Conditional conditional:
                return Evaluate(Truth(conditional.Condition) ? conditional.Then : conditional.Else);
            case Node.ListOf list:
                return Value.Of([.. list.Items.Select(Evaluate)]);
            case Node.MapOf map:
                return Build(map);
            default:
                throw new InvalidOperationException($"Node {node.GetType().Name} has no rule.");
        }
    }

    private Value ReadPath(Node node)
    {
        Value value;
        switch (node)
        {
            case Node.Name name:
                value = _variables.TryGetValue(name.Text, out var found) ? found : throw Wrong(name, $"there is no '{name.Text}' here");
                break;
            case Node.Member member:
                value = MemberOf(Quietly(member.Target), member.Field, member, member.Target);
                break;
            case Node.Index index:
                value = Indexed(Quietly(index.Target), Evaluate(index.Key), index);
                break;
            default:
                value = Project((Node.Projection)node);
                break;
        }

        if (_quiet == 0)
        {
            operands.Add(Written(node), value);
        }

        return value;
    }

    private Value Quietly(Node node)
    {
        _quiet++;
        var value = Evaluate(node);
        _quiet--;
        return value;
    }

    private Value MemberOf(Value target, string field, Node at, Node targetNode) => target switch
    {
        Value.Map map when map.Entries.TryGetValue(field, out var value) => value,
        Value.Map map => throw Wrong(at, $"'{Written(targetNode)}' has no '{field}'; it has {Known(map.Entries.Keys)}"),
        _ => throw Wrong(at, $"'{Written(targetNode)}' is {Article(target)}, so it has no '{field}'"),
    };

    private Value Indexed(Value target, Value key, Node.Index at) => (target, key) switch
    {
        (Value.List list, Value.Int i) when i.Number >= 0 && i.Number < list.Items.Count => list.Items[(int)i.Number],
        (Value.List list, Value.Int i) => throw Wrong(at, $"'{Written(at.Target)}' has {list.Items.Count} items, so none at {i.Number}"),
        (Value.Map, Value.String s) => MemberOf(target, s.Text, at, at.Target),
        _ => throw Wrong(at, $"{Article(target)} cannot be indexed with {Article(key)}"),
    };

    private Value Project(Node.Projection projection)
    {
        var target = Quietly(projection.Target);
        var items = target switch
        {
            Value.List list => list.Items,
            Value.Map map => [.. map.Entries.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Value)],
            _ => throw Wrong(projection, $"'{Written(projection.Target)}' is {Article(target)}; .* needs a list or a map"),
        };
        return Value.Of([.. items.Select(item => Bound("*", item, projection.Body))]);
    }

    private Value Comprehend(Node.Comprehension c)
    {
        var range = Evaluate(c.Range);
        var items = range switch
        {
            Value.List list => list.Items,
            Value.Map map => [.. map.Entries.Keys.Order(StringComparer.Ordinal).Select(Value.Of)],
            _ => throw Wrong(c.Range, $"'{Written(c.Range)}' is {Article(range)}; {c.Macro} needs a list or a map"),
        };
        switch (c.Macro)
        {
            case "map":
                return Value.Of([.. items.Select(item => Bound(c.Variable, item, c.Body))]);
            case "filter":
                return Value.Of([.. items.Where(item => AsBool(Bound(c.Variable, item, c.Body), c.Body))]);
            default:
                return Quantify(c, items, decisive: c.Macro == "exists");
        }
    }

    // As || and &&: an item that decides outweighs one that failed.
    private Value Quantify(Node.Comprehension c, IReadOnlyList<Value> items, bool decisive)
    {
        ExpressionException? failure = null;
        foreach (var item in items)
        {
            try
            {
                if (AsBool(Bound(c.Variable, item, c.Body), c.Body) == decisive)
                {
                    return Value.Of(decisive);
                }
            }
            catch (ExpressionException problem) when (!problem.IsLimit)
            {
                failure ??= problem;
            }
        }

        return failure is null ? Value.Of(!decisive) : throw failure;
    }

    private Value Bound(string variable, Value value, Node body)
    {
        var shadowed = _variables.GetValueOrDefault(variable);
        var quiet = _quiet;
        _variables[variable] = value;
        _quiet++;
        try
        {
            return Evaluate(body);
        }
        finally
        {
            _quiet = quiet;
            if (shadowed is null)
            {
                _variables.Remove(variable);
            }
            else
            {
                _variables[variable] = shadowed;
            }
        }
    }

    private Value Build(Node.MapOf map)
    {
        var entries = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var (key, item) in map.Entries)
        {
            var name = AsString(Evaluate(key), key);
            if (!entries.TryAdd(name, Evaluate(item)))
            {
                throw Wrong(key, $"the key '{name}' stands twice");
            }
        }

        return Value.Of(entries);
    }

    private Value Negate(Node.Unary unary)
    {
        if (unary.Operator == "!")
        {
            return Value.Of(!Truth(unary.Operand));
        }

        return Evaluate(unary.Operand) switch
        {
            Value.Int i => i.Number == long.MinValue ? throw Overflow(unary) : Value.Of(-i.Number),
            Value.Double d => Value.Of(-d.Number),
            Value.Duration d => new Value.Duration(-d.Span),
            var other => throw Wrong(unary, $"{Article(other)} cannot be negated"),
        };
    }

    private Value Combine(Node.Binary binary)
    {
        switch (binary.Operator)
        {
            case "||":
                return Value.Of(Either(binary, decisive: true));
            case "&&":
                return Value.Of(Either(binary, decisive: false));
        }

        var left = Evaluate(binary.Left);
        var right = Evaluate(binary.Right);
        switch (binary.Operator)
        {
            case "==":
                return Value.Of(AreEqual(left, right, binary));
            case "!=":
                return Value.Of(!AreEqual(left, right, binary));
            case "in":
                return Value.Of(Contains(right, left, binary));
            case "<" or "<=" or ">" or ">=":
                return Value.Of(Ordered(binary, left, right));
            default:
                return Calculate(binary, left, right);
        }
    }

    // CEL's rule: one side that decides is enough, even when the other failed.
    private bool Either(Node.Binary binary, bool decisive)
    {
        ExpressionException failure;
        var quiet = _quiet;
        try
        {
            return Truth(binary.Left) == decisive ? decisive : Truth(binary.Right);
        }
        catch (ExpressionException problem) when (!problem.IsLimit)
        {
            failure = problem;
            _quiet = quiet;
        }

        return Truth(binary.Right) == decisive ? decisive : throw failure;
    }

    private bool Ordered(Node.Binary binary, Value left, Value right)
    {
        Note(binary.Left, left);
        Note(binary.Right, right);
        if (left is Value.Double { Number: double.NaN })
        {
            operands.AddNotANumber(Written(binary.Left));
        }

        if (right is Value.Double { Number: double.NaN })
        {
            operands.AddNotANumber(Written(binary.Right));
        }

        if (Compare(left, right) is not { } order)
        {
            return IsNumber(left) && IsNumber(right)
                ? false
                : throw Wrong(binary, $"{binary.Operator} does not go between '{Written(binary.Left)}', {Article(left)}, and '{Written(binary.Right)}', {Article(right)}");
        }

        return binary.Operator switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    // A compared sum or call is worth showing too, not only the paths in it.
    private void Note(Node node, Value value)
    {
        if (_quiet == 0 && node is not (Node.Literal or Node.Name or Node.Member or Node.Index or Node.Projection))
        {
            operands.Add(Written(node), value);
        }
    }

    private static bool IsNumber(Value value) => value is Value.Int or Value.Double;

    /// <summary>Below, at or above zero; null when the two have no order.</summary>
    private static int? Compare(Value left, Value right) => (left, right) switch
    {
        (Value.Int a, Value.Int b) => a.Number.CompareTo(b.Number),
        (Value.Double a, Value.Double b) => double.IsNaN(a.Number) || double.IsNaN(b.Number) ? null : a.Number.CompareTo(b.Number),
        (Value.Int a, Value.Double b) => Compare(a.Number, b.Number),
        (Value.Double a, Value.Int b) => -Compare(b.Number, a.Number),
        (Value.String a, Value.String b) => string.CompareOrdinal(a.Text, b.Text),
        (Value.Duration a, Value.Duration b) => a.Span.CompareTo(b.Span),
        (Value.Timestamp a, Value.Timestamp b) => a.Time.CompareTo(b.Time),
        _ => null,
    };

    // Exactly, where converting the integer would lose its last digits.
    private static int? Compare(long whole, double number)
    {
        if (double.IsNaN(number))
        {
            return null;
        }

        if (number >= 9223372036854775808.0)
        {
            return -1;
        }

        if (number < -9223372036854775808.0)
        {
            return 1;
        }

        var floor = Math.Floor(number);
        var order = whole.CompareTo((long)floor);
        return order != 0 ? order : (number > floor ? -1 : 0);
    }

    private bool AreEqual(Value left, Value right, Node at)
    {
        Spend(1, at);
        switch (left, right)
        {
            case (Value.List a, Value.List b):
                return a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second, at));
            case (Value.Map a, Value.Map b):
                return a.Entries.Count == b.Entries.Count
                    && a.Entries.All(e => b.Entries.TryGetValue(e.Key, out var other) && AreEqual(e.Value, other, at));
            case (Value.Int or Value.Double, Value.Int or Value.Double):
                return Compare(left, right) == 0;
            default:
                return left == right;
        }
    }

    private bool Contains(Value container, Value item, Node.Binary at) => container switch
    {
        Value.List list => list.Items.Any(each => AreEqual(each, item, at)),
        Value.Map map => item is Value.String s
            ? map.Entries.ContainsKey(s.Text)
            : throw Wrong(at, $"a map's keys are strings, not {Article(item)}"),
        _ => throw Wrong(at, $"'{Written(at.Right)}' is {Article(container)}; in needs a list or a map"),
    };

    private Value Calculate(Node.Binary binary, Value left, Value right)
    {
        try
        {
            return (binary.Operator, left, right) switch
            {
                ("+", Value.Int a, Value.Int b) => Value.Of(checked(a.Number + b.Number)),
                ("-", Value.Int a, Value.Int b) => Value.Of(checked(a.Number - b.Number)),
                ("*", Value.Int a, Value.Int b) => Value.Of(checked(a.Number * b.Number)),
                ("/" or "%", Value.Int, Value.Int { Number: 0 }) => throw Wrong(binary, $"'{Written(binary.Right)}' is 0, and nothing can be divided by it"),
                ("/", Value.Int a, Value.Int b) => Value.Of(checked(a.Number / b.Number)),
                ("%", Value.Int a, Value.Int b) => Value.Of(b.Number == -1 ? 0 : a.Number % b.Number),
                ("+", Value.String a, Value.String b) => Joined(a.Text, b.Text, binary),
                ("+", Value.List a, Value.List b) => Joined(a.Items, b.Items, binary),
                ("+", Value.Timestamp a, Value.Duration b) => new Value.Timestamp(a.Time + b.Span),
                ("+", Value.Duration a, Value.Timestamp b) => new Value.Timestamp(b.Time + a.Span),
                ("-", Value.Timestamp a, Value.Duration b) => new Value.Timestamp(a.Time - b.Span),
                ("-", Value.Timestamp a, Value.Timestamp b) => new Value.Duration(a.Time - b.Time),
                ("+", Value.Duration a, Value.Duration b) => new Value.Duration(a.Span + b.Span),
                ("-", Value.Duration a, Value.Duration b) => new Value.Duration(a.Span - b.Span),
                ("+", _, _) when IsNumber(left) && IsNumber(right) => Value.Of(AsDouble(left) + AsDouble(right)),
                ("-", _, _) when IsNumber(left) && IsNumber(right) => Value.Of(AsDouble(left) - AsDouble(right)),
                ("*", _, _) when IsNumber(left) && IsNumber(right) => Value.Of(AsDouble(left) * AsDouble(right)),
                ("/", _, _) when IsNumber(left) && IsNumber(right) => Value.Of(AsDouble(left) / AsDouble(right)),
                _ => throw Wrong(binary, $"{binary.Operator} does not go between '{Written(binary.Left)}', {Article(left)}, and '{Written(binary.Right)}', {Article(right)}"),
            };
        }
        catch (Exception problem) when (problem is OverflowException or ArgumentOutOfRangeException)
        {
            throw Overflow(binary);
        }
    }

    private Value.String Joined(string a, string b, Node at)
    {
        Spend((a.Length + b.Length) / CharactersPerOperation, at);
        return new Value.String(a + b);
    }

    private Value Joined(IReadOnlyList<Value> a, IReadOnlyList<Value> b, Node at)
    {
        Spend(a.Count + b.Count, at);
        return Value.Of([.. a, .. b]);
    }

    private Value Call(Node.Call call)
    {
        if (call.Function == "has")
        {
            return Value.Of(Has(call.Arguments[0]));
        }

        var arguments = call.Arguments.Select(Evaluate).ToList();
        switch (call.Function)
        {
            case "size":
                return Value.Of(arguments[0] switch
                {
                    Value.String s => s.Text.EnumerateRunes().Count(),
                    Value.List l => (long)l.Items.Count,
                    Value.Map m => m.Entries.Count,
                    var other => throw Wrong(call, $"{Article(other)} has no size"),
                });
            case "min" or "max":
                return Extreme(call, arguments);
            case "abs":
                return arguments[0] switch
                {
                    Value.Int i => i.Number == long.MinValue ? throw Overflow(call) : Value.Of(Math.Abs(i.Number)),
                    Value.Double d => Value.Of(Math.Abs(d.Number)),
                    var other => throw Wrong(call, $"abs needs a number, not {Article(other)}"),
                };
            case "round":
                return Round(call, arguments);
            case "startsWith":
                return Value.Of(Text(call, arguments, 0).StartsWith(Text(call, arguments, 1), StringComparison.Ordinal));
            case "endsWith":
                return Value.Of(Text(call, arguments, 0).EndsWith(Text(call, arguments, 1), StringComparison.Ordinal));
            case "contains":
                return Value.Of(Text(call, arguments, 0).Contains(Text(call, arguments, 1), StringComparison.Ordinal));
            case "matches":
                return Value.Of(Matches(call, Text(call, arguments, 0), Text(call, arguments, 1)));
            case "duration":
                return DurationText.TryParse(Text(call, arguments, 0), out var span)
                    ? new Value.Duration(span)
                    : throw Wrong(call, $"'{Text(call, arguments, 0)}' is no duration; write for example \"90s\", \"10m\" or \"1h30m\"");
            case "timestamp":
                return DateTimeOffset.TryParse(Text(call, arguments, 0), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                    ? new Value.Timestamp(time.ToUniversalTime())
                    : throw Wrong(call, $"'{Text(call, arguments, 0)}' is no time; write for example \"2026-01-31T08:00:00Z\"");
            default:
                return call.Function == "now" ? new Value.Timestamp(now) : throw Wrong(call, $"there is no function '{call.Function}'");
        }
    }

    private bool Has(Node argument)
    {
        var (target, key) = argument switch
        {
            Node.Member m => (m.Target, Value.Of(m.Field)),
            Node.Index i => (i.Target, Evaluate(i.Key)),
            _ => throw Wrong(argument, "has needs a member"),
        };
        return (Quietly(target), key) switch
        {
            (Value.Map map, Value.String s) => map.Entries.ContainsKey(s.Text),
            (Value.List list, Value.Int i) => i.Number >= 0 && i.Number < list.Items.Count,
            (Value.Null, _) => false,
            var (other, _) => throw Wrong(argument, $"'{Written(target)}' is {Article(other)}, so it has no members"),
        };
    }

    private Value Extreme(Node.Call call, List<Value> arguments)
    {
        var items = arguments is [Value.List list] ? list.Items : arguments;
        if (items.Count == 0)
        {
            throw Wrong(call, $"{call.Function} of nothing");
        }

        Spend(items.Count, call);
        var sign = call.Function == "min" ? -1 : 1;
        var best = items[0];
        foreach (var item in items)
        {
            if (!IsNumber(item))
            {
                throw Wrong(call, $"{call.Function} needs numbers, not {Article(item)}");
            }

            // NaN has no place in the order, and must not vanish from it.
            if (item is Value.Double { Number: double.NaN })
            {
                return item;
            }

            if (Compare(item, best) * sign > 0)
            {
                best = item;
            }
        }

        return best;
    }

    private static Value Round(Node.Call call, List<Value> arguments)
    {
        var digits = arguments.Count == 1 ? 0 : arguments[1] is Value.Int { Number: >= 0 and <= 15 } d
            ? (int)d.Number
            : throw Wrong(call, "round keeps 0 to 15 digits");
        return arguments[0] switch
        {
            Value.Int => arguments[0],
            Value.Double x => Value.Of(Math.Round(x.Number, digits, MidpointRounding.AwayFromZero)),
            var other => throw Wrong(call, $"round needs a number, not {Article(other)}"),
        };
    }

    private bool Matches(Node.Call call, string subject, string pattern)
    {
        Spend(pattern.Length + (subject.Length / CharactersPerOperation), call);
        try
        {
            return Functions.Pattern(pattern).IsMatch(subject);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ExpressionException("the pattern takes too long", call.Start, isLimit: true);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw Wrong(call, $"the pattern cannot be used: {problem.Message}");
        }
    }

    private string Text(Node.Call call, List<Value> arguments, int index)
    {
        var value = AsString(arguments[index], call.Arguments[index]);
        Spend(value.Length / CharactersPerOperation, call);
        return value;
    }

    private bool Truth(Node node) => AsBool(Evaluate(node), node);

    private bool AsBool(Value value, Node at) => value is Value.Bool b
        ? b.Is
        : throw Wrong(at, $"'{Written(at)}' is {Article(value)}, not a bool");

    private string AsString(Value value, Node at) => value is Value.String s
        ? s.Text
        : throw Wrong(at, $"'{Written(at)}' is {Article(value)}, not a string");

    private static double AsDouble(Value value) => value is Value.Int i ? i.Number : ((Value.Double)value).Number;

    private void Spend(int operations, Node at)
    {
        _cost += operations;
        if (_cost > MaximumCost)
        {
            throw new ExpressionException($"the expression takes more than {MaximumCost} operations", at.Start, isLimit: true);
        }
    }

    private static string Article(Value value) => value switch
    {
        Value.Null => "null",
        Value.Int => "an int",
        _ => $"a {value.TypeName}",
    };

    private static string Known(IEnumerable<string> names)
    {
        var list = names.Order(StringComparer.Ordinal).Take(20).ToList();
        return list.Count == 0 ? "nothing" : string.Join(", ", list);
    }

    private static ExpressionException Wrong(Node at, string problem) => new(problem, at.Start);

    private ExpressionException Overflow(Node at) => Wrong(at, $"'{Written(at)}' leaves the range of its type");

    private string Written(Node node) => text[node.Start..node.End];
}
