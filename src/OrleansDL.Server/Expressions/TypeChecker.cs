using System.Text.RegularExpressions;

namespace OrleansDL.Expressions;

/// <summary>Finds the type of an expression, or says where it cannot have one.</summary>
internal sealed class TypeChecker(string text, IReadOnlyDictionary<string, ExpressionType> scope)
{
    private readonly Dictionary<string, ExpressionType> _scope = new(scope, StringComparer.Ordinal);

    public ExpressionType Check(Node node) => node switch
    {
        Node.Literal l => TypeOf(l.Value),
        Node.Name n => _scope.TryGetValue(n.Text, out var type)
            ? type
            : throw Wrong(n, $"there is no '{n.Text}' here; known are {Known(_scope.Keys)}"),
        Node.Member m => MemberOf(Check(m.Target), m.Target, m.Field, m),
        Node.Index i => CheckIndex(i),
        Node.Projection p => CheckProjection(p),
        Node.Comprehension c => CheckComprehension(c),
        Node.Call c => CheckCall(c),
        Node.Unary u => CheckUnary(u),
        Node.Binary b => CheckBinary(b),
        Node.Conditional c => CheckConditional(c),
        Node.ListOf l => ExpressionType.ListOf(JoinAll(l.Items.Select(Check))),
        Node.MapOf m => CheckMap(m),
        _ => throw new InvalidOperationException($"Node {node.GetType().Name} has no rule."),
    };

    private static ExpressionType TypeOf(Value value) => value switch
    {
        Value.Null => ExpressionType.Null,
        Value.Bool => ExpressionType.Bool,
        Value.Int => ExpressionType.Int,
        Value.Double => ExpressionType.Double,
        Value.String => ExpressionType.String,
        _ => ExpressionType.Dyn,
    };

    private static ExpressionType JoinAll(IEnumerable<ExpressionType> types)
    {
        ExpressionType? joined = null;
        foreach (var type in types)
        {
            joined = joined is null ? type : joined.Join(type);
        }

        return joined ?? ExpressionType.Dyn;
    }

    private ExpressionType MemberOf(ExpressionType target, Node targetNode, string field, Node at)
    {
        if (target.Kind == TypeKind.Dyn)
        {
            return ExpressionType.Dyn;
        }

        if (target.Kind != TypeKind.Map)
        {
            throw Wrong(at, $"'{Written(targetNode)}' is a {target}, so it has no member '{field}'");
        }

        if (target.Fields is null)
        {
            return target.Element;
        }

        return target.Fields.TryGetValue(field, out var type)
            ? type
            : throw Wrong(at, $"'{Written(targetNode)}' has no '{field}'; it has {Known(target.Fields.Keys)}");
    }

    private ExpressionType CheckIndex(Node.Index index)
    {
        var target = Check(index.Target);
        var key = Check(index.Key);
        switch (target.Kind)
        {
            case TypeKind.Dyn when key.MayBe(TypeKind.Int) || key.MayBe(TypeKind.String):
                return ExpressionType.Dyn;
            case TypeKind.List when key.MayBe(TypeKind.Int):
                return target.Element;
            case TypeKind.Map when index.Key is Node.Literal { Value: Value.String name }:
                return MemberOf(target, index.Target, name.Text, index);
            case TypeKind.Map when key.MayBe(TypeKind.String):
                return target.Fields is null ? target.Element : ExpressionType.Dyn;
            default:
                throw Wrong(index, $"a {target} cannot be indexed with a {key}");
        }
    }

    private ExpressionType ElementOf(Node range, string use)
    {
        var type = Check(range);
        return type.Kind switch
        {
            TypeKind.Dyn => ExpressionType.Dyn,
            TypeKind.List => type.Element,
            TypeKind.Map when use == "*" => type.Fields is null ? type.Element : JoinAll(type.Fields.Values),
            TypeKind.Map => ExpressionType.String,
            _ => throw Wrong(range, $"'{Written(range)}' is a {type}; {use} needs a list or a map"),
        };
    }

    private ExpressionType CheckProjection(Node.Projection projection) =>
        ExpressionType.ListOf(With("*", ElementOf(projection.Target, "*"), projection.Body));

    private ExpressionType CheckComprehension(Node.Comprehension c)
    {
        var element = ElementOf(c.Range, c.Macro);
        var body = With(c.Variable, element, c.Body);
        if (c.Macro == "map")
        {
            return ExpressionType.ListOf(body);
        }

        Require(body, TypeKind.Bool, c.Body, $"the condition of {c.Macro}");
        return c.Macro == "filter" ? ExpressionType.ListOf(element) : ExpressionType.Bool;
    }

    private ExpressionType With(string variable, ExpressionType type, Node body)
    {
        var shadowed = _scope.GetValueOrDefault(variable);
        _scope[variable] = type;
        var result = Check(body);
        if (shadowed is null)
        {
            _scope.Remove(variable);
        }
        else
        {
            _scope[variable] = shadowed;
        }

        return result;
    }

    private ExpressionType CheckMap(Node.MapOf map)
    {
        foreach (var (key, _) in map.Entries)
        {
            Require(Check(key), TypeKind.String, key, "a map's key");
        }

        return ExpressionType.MapOf(JoinAll(map.Entries.Select(entry => Check(entry.Value))));
    }

    private ExpressionType CheckConditional(Node.Conditional c)
    {
        Require(Check(c.Condition), TypeKind.Bool, c.Condition, "the condition of ?:");
        return Check(c.Then).Join(Check(c.Else));
    }

    private ExpressionType CheckUnary(Node.Unary unary)
    {
        var operand = Check(unary.Operand);
        if (unary.Operator == "!")
        {
            Require(operand, TypeKind.Bool, unary.Operand, "the operand of !");
            return ExpressionType.Bool;
        }

        return operand.IsNumber || operand.Kind == TypeKind.Duration
            ? operand
            : throw Wrong(unary, $"a {operand} cannot be negated");
    }

    private ExpressionType CheckBinary(Node.Binary binary)
    {
        var left = Check(binary.Left);
        var right = Check(binary.Right);
        switch (binary.Operator)
        {
            case "&&" or "||":
                Require(left, TypeKind.Bool, binary.Left, $"the left side of {binary.Operator}");
                Require(right, TypeKind.Bool, binary.Right, $"the right side of {binary.Operator}");
                return ExpressionType.Bool;
            case "==" or "!=":
                return Comparable(left, right) || left.Kind == TypeKind.Null || right.Kind == TypeKind.Null
                    ? ExpressionType.Bool
                    : throw Mismatch(binary, left, right);
            case "in":
                return CheckIn(binary, left, right);
            case "<" or "<=" or ">" or ">=":
                return Comparable(left, right) && Ordered(left) && Ordered(right)
                    ? ExpressionType.Bool
                    : throw Mismatch(binary, left, right);
            default:
                return Arithmetic(binary.Operator, left, right) ?? throw Mismatch(binary, left, right);
        }
    }

    private ExpressionType CheckIn(Node.Binary binary, ExpressionType left, ExpressionType right) => right.Kind switch
    {
        TypeKind.Dyn => ExpressionType.Bool,
        TypeKind.List when Comparable(left, right.Element) => ExpressionType.Bool,
        TypeKind.Map when left.MayBe(TypeKind.String) => ExpressionType.Bool,
        _ => throw Mismatch(binary, left, right),
    };

    private static bool Comparable(ExpressionType left, ExpressionType right) =>
        left.Kind == right.Kind || left.Kind == TypeKind.Dyn || right.Kind == TypeKind.Dyn || (left.IsNumber && right.IsNumber);

    private static bool Ordered(ExpressionType type) => type.IsNumber
        || type.Kind is TypeKind.String or TypeKind.Duration or TypeKind.Timestamp;

    private static ExpressionType? Arithmetic(string symbol, ExpressionType left, ExpressionType right) => (symbol, left.Kind, right.Kind) switch
    {
        ("%", TypeKind.Int or TypeKind.Dyn, TypeKind.Int or TypeKind.Dyn) => ExpressionType.Int,
        ("%", _, _) => null,
        (_, TypeKind.Int, TypeKind.Int) => ExpressionType.Int,
        (_, TypeKind.Int or TypeKind.Double, TypeKind.Int or TypeKind.Double) => ExpressionType.Double,
        ("+", TypeKind.String, TypeKind.String) => ExpressionType.String,
        ("+", TypeKind.List, TypeKind.List) => ExpressionType.ListOf(left.Element.Join(right.Element)),
        ("+" or "-", TypeKind.Timestamp, TypeKind.Duration) => ExpressionType.Timestamp,
        ("+", TypeKind.Duration, TypeKind.Timestamp) => ExpressionType.Timestamp,
        ("-", TypeKind.Timestamp, TypeKind.Timestamp) => ExpressionType.Duration,
        ("+" or "-", TypeKind.Duration, TypeKind.Duration) => ExpressionType.Duration,
        ("+" or "-", TypeKind.Dyn, not (TypeKind.Bool or TypeKind.Null or TypeKind.Map)) => ExpressionType.Dyn,
        ("+" or "-", not (TypeKind.Bool or TypeKind.Null or TypeKind.Map), TypeKind.Dyn) => ExpressionType.Dyn,
        (_, TypeKind.Dyn, TypeKind.Int or TypeKind.Double or TypeKind.Dyn) => ExpressionType.Dyn,
        (_, TypeKind.Int or TypeKind.Double, TypeKind.Dyn) => ExpressionType.Dyn,
        _ => null,
    };

    private ExpressionType CheckCall(Node.Call call)
    {
        if (call.Function == "has")
        {
            Count(call, 1, 1);
            return call.Arguments[0] is Node.Member or Node.Index
                ? CheckHas(call.Arguments[0])
                : throw Wrong(call, "has needs a member, for example has(metrics.f1)");
        }

        var types = call.Arguments.Select(Check).ToList();
        switch (call.Function)
        {
            case "size":
                Count(call, 1, 1);
                return types[0].Kind is TypeKind.Dyn or TypeKind.String or TypeKind.List or TypeKind.Map
                    ? ExpressionType.Int
                    : throw Wrong(call, $"a {types[0]} has no size");
            case "min" or "max":
                return CheckExtreme(call, types);
            case "abs":
                Count(call, 1, 1);
                return Number(call, types[0]);
            case "round":
                Count(call, 1, 2);
                if (types.Count == 2)
                {
                    Require(types[1], TypeKind.Int, call.Arguments[1], "the number of digits of round");
                }

                return Number(call, types[0]);
            case "startsWith" or "endsWith" or "contains" or "matches":
                Count(call, 2, 2);
                Require(types[0], TypeKind.String, call.Arguments[0], $"what {call.Function} looks at");
                Require(types[1], TypeKind.String, call.Arguments[1], $"the argument of {call.Function}");
                CheckPattern(call);
                return ExpressionType.Bool;
            case "duration":
                Count(call, 1, 1);
                Require(types[0], TypeKind.String, call.Arguments[0], "the argument of duration");
                return call.Arguments[0] is Node.Literal { Value: Value.String s } && !DurationText.TryParse(s.Text, out _)
                    ? throw Wrong(call, $"'{s.Text}' is no duration; write for example \"90s\", \"10m\" or \"1h30m\"")
                    : ExpressionType.Duration;
            case "timestamp":
                Count(call, 1, 1);
                Require(types[0], TypeKind.String, call.Arguments[0], "the argument of timestamp");
                return ExpressionType.Timestamp;
            case "now":
                Count(call, 0, 0);
                return ExpressionType.Timestamp;
            default:
                throw Wrong(call, $"there is no function '{call.Function}'; known are {Known(Functions.Names)}");
        }
    }

    private ExpressionType CheckHas(Node member)
    {
        Check(member);
        return ExpressionType.Bool;
    }

    private static ExpressionType CheckExtreme(Node.Call call, List<ExpressionType> types)
    {
        Count(call, 1, 64);
        if (types.Count == 1)
        {
            return types[0].Kind switch
            {
                TypeKind.Dyn => ExpressionType.Dyn,
                TypeKind.List => Number(call, types[0].Element),
                _ => throw Wrong(call, $"{call.Function} needs numbers or one list of numbers, not a {types[0]}"),
            };
        }

        return types.Select(type => Number(call, type)).Aggregate((a, b) => a.Join(b));
    }

    private static void CheckPattern(Node.Call call)
    {
        if (call.Function != "matches" || call.Arguments[1] is not Node.Literal { Value: Value.String pattern })
        {
            return;
        }

        try
        {
            Functions.Pattern(pattern.Text);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException or RegexParseException)
        {
            throw Wrong(call.Arguments[1], $"the pattern cannot be used: {problem.Message}");
        }
    }

    private static ExpressionType Number(Node.Call call, ExpressionType type) => type.IsNumber
        ? type
        : throw Wrong(call, $"{call.Function} needs a number, not a {type}");

    private static void Count(Node.Call call, int least, int most)
    {
        if (call.Arguments.Count < least || call.Arguments.Count > most)
        {
            throw Wrong(call, $"{call.Function} takes {(least == most ? $"{least}" : $"{least} to {most}")} arguments, not {call.Arguments.Count}");
        }
    }

    private void Require(ExpressionType type, TypeKind kind, Node at, string what)
    {
        if (!type.MayBe(kind))
        {
            throw Wrong(at, $"{what} must be a {kind.ToString().ToLowerInvariant()}; '{Written(at)}' is a {type}");
        }
    }

    private ExpressionException Mismatch(Node.Binary binary, ExpressionType left, ExpressionType right) => Wrong(
        binary,
        $"{binary.Operator} does not go between '{Written(binary.Left)}' ({left}) and '{Written(binary.Right)}' ({right})");

    private static ExpressionException Wrong(Node at, string problem) => new(problem, at.Start);

    private static string Known(IEnumerable<string> names)
    {
        var list = names.Where(name => name != "*").Order(StringComparer.Ordinal).ToList();
        return list.Count == 0 ? "none" : string.Join(", ", list);
    }

    private string Written(Node node) => text[node.Start..node.End];
}
