using System.Globalization;

namespace OrleansDL.Expressions;

/// <summary>A Pratt parser for our subset of CEL.</summary>
internal sealed class Parser
{
    /// <summary>How deep parentheses, brackets and calls may nest.</summary>
    public const int MaximumDepth = 32;

    /// <summary>How deep <c>all</c>, <c>exists</c>, <c>map</c>, <c>filter</c> and <c>.*</c> may nest.</summary>
    public const int MaximumComprehensions = 16;

    private const int MaximumHeight = 256;
    private const int UnaryPower = 70;

    private static readonly Dictionary<string, int> Powers = new(StringComparer.Ordinal)
    {
        ["?"] = 10,
        ["||"] = 20,
        ["&&"] = 30,
        ["=="] = 40,
        ["!="] = 40,
        ["<"] = 40,
        ["<="] = 40,
        [">"] = 40,
        [">="] = 40,
        ["in"] = 40,
        ["+"] = 50,
        ["-"] = 50,
        ["*"] = 60,
        ["/"] = 60,
        ["%"] = 60,
    };

    private static readonly HashSet<string> Macros = ["all", "exists", "map", "filter"];

    private readonly List<Token> _tokens;
    private int _next;
    private int _depth;
    private int _comprehensions;

    private Parser(List<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_next];

    public static Node Parse(string text)
    {
        var parser = new Parser(Lexer.Read(text));
        var node = parser.ReadExpression(0);
        return parser.Current.Kind == TokenKind.End
            ? node
            : throw new ExpressionException($"expected an operator or the end, found {parser.Current.Describe()}", parser.Current.Start);
    }

    private Node ReadExpression(int power)
    {
        var depth = _depth;
        Enter();
        var left = ReadUnary();
        while (Powers.TryGetValue(OperatorOf(Current), out var next) && next > power)
        {
            var symbol = Take();
            if (symbol.Text == "?")
            {
                var then = ReadExpression(0);
                Expect(":");
                var otherwise = ReadExpression(next - 1);
                left = Built(new Node.Conditional(left, then, otherwise, left.Start, otherwise.End));
            }
            else
            {
                var right = ReadExpression(next);
                left = Built(new Node.Binary(symbol.Text, left, right, left.Start, right.End));
            }
        }

        _depth = depth;
        return left;
    }

    private static string OperatorOf(Token token) =>
        token.Kind == TokenKind.Symbol || token is { Kind: TokenKind.Name, Text: "in" } ? token.Text : "";

    private Node ReadUnary()
    {
        if (!Current.Is("!") && !Current.Is("-"))
        {
            return ReadPostfix(ReadPrimary());
        }

        var symbol = Take();
        if (symbol.Text == "-" && Current.Kind is TokenKind.Int or TokenKind.Double)
        {
            // Together, so that the least 64-bit number can be written.
            var number = Take();
            return ReadPostfix(Number(number, "-" + number.Text, symbol.Start));
        }

        var depth = _depth;
        Enter();
        var operand = ReadUnary();
        _depth = depth;
        return Built(new Node.Unary(symbol.Text, operand, symbol.Start, operand.End));
    }

    private Node ReadPostfix(Node node)
    {
        while (true)
        {
            if (Current.Is("["))
            {
                Take();
                var key = ReadExpression(0);
                node = Built(new Node.Index(node, key, node.Start, Expect("]").End));
            }
            else if (Current.Is("."))
            {
                Take();
                if (Current.Is("*"))
                {
                    return ReadProjection(node);
                }

                var name = ExpectName();
                node = Current.Is("(") ? ReadMethod(node, name) : Built(new Node.Member(node, name.Text, node.Start, name.End));
            }
            else
            {
                return node;
            }
        }
    }

    private Node.Projection ReadProjection(Node target)
    {
        var star = Take();
        EnterComprehension(star.Start);
        var body = ReadPostfix(new Node.Name("*", star.Start, star.End));
        _comprehensions--;
        return Built(new Node.Projection(target, body, target.Start, body.End));
    }

    private Node ReadMethod(Node target, Token name)
    {
        if (!Macros.Contains(name.Text))
        {
            var arguments = ReadArguments(out var end);
            return Built(new Node.Call(name.Text, [target, .. arguments], target.Start, end));
        }

        Expect("(");
        var variable = ExpectName();
        Expect(",");
        EnterComprehension(name.Start);
        var body = ReadExpression(0);
        _comprehensions--;
        return Built(new Node.Comprehension(name.Text, target, variable.Text, body, target.Start, Expect(")").End));
    }

    private Node ReadPrimary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TokenKind.Int or TokenKind.Double:
                return Number(token, token.Text, token.Start);
            case TokenKind.String:
                return new Node.Literal(Value.Of(token.Text), token.Start, token.End);
            case TokenKind.Name when token.Text is "true" or "false":
                return new Node.Literal(Value.Of(token.Text == "true"), token.Start, token.End);
            case TokenKind.Name when token.Text == "null":
                return new Node.Literal(Value.Nothing, token.Start, token.End);
            case TokenKind.Name when token.Text != "in":
                if (!Current.Is("("))
                {
                    return new Node.Name(token.Text, token.Start, token.End);
                }

                var arguments = ReadArguments(out var end);
                return Built(new Node.Call(token.Text, arguments, token.Start, end));
            case TokenKind.Symbol when token.Text == "(":
                var inner = ReadExpression(0);
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text == "[":
                var items = ReadItems("]", out var closed);
                return Built(new Node.ListOf(items, token.Start, closed));
            case TokenKind.Symbol when token.Text == "{":
                return ReadMap(token);
            default:
                throw new ExpressionException($"expected a value, found {token.Describe()}", token.Start);
        }
    }

    private Node.MapOf ReadMap(Token open)
    {
        var entries = new List<KeyValuePair<Node, Node>>();
        while (!Current.Is("}"))
        {
            var key = ReadExpression(0);
            Expect(":");
            entries.Add(new(key, ReadExpression(0)));
            if (!Current.Is(","))
            {
                break;
            }

            Take();
        }

        return Built(new Node.MapOf(entries, open.Start, Expect("}").End));
    }

    private List<Node> ReadArguments(out int end)
    {
        Expect("(");
        return ReadItems(")", out end);
    }

    private List<Node> ReadItems(string close, out int end)
    {
        var items = new List<Node>();
        while (!Current.Is(close))
        {
            items.Add(ReadExpression(0));
            if (!Current.Is(","))
            {
                break;
            }

            Take();
        }

        end = Expect(close).End;
        return items;
    }

    private static Node.Literal Number(Token token, string text, int start)
    {
        if (token.Kind == TokenKind.Double)
        {
            var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(number)
                ? new Node.Literal(Value.Of(number), start, token.End)
                : throw new ExpressionException($"'{text}' is too large for a double", start);
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? new Node.Literal(Value.Of(whole), start, token.End)
            : throw new ExpressionException($"'{text}' is too large for a 64-bit number", start);
    }

    private static T Built<T>(T node)
        where T : Node
    {
        var height = 1 + node.Children.Select(child => child.Height).DefaultIfEmpty().Max();
        return height <= MaximumHeight
            ? node with { Height = height }
            : throw new ExpressionException($"the expression chains more than {MaximumHeight} operators", node.Start, isLimit: true);
    }

    private void Enter()
    {
        if (++_depth > MaximumDepth)
        {
            throw new ExpressionException($"the expression nests deeper than {MaximumDepth}", Current.Start, isLimit: true);
        }
    }

    private void EnterComprehension(int position)
    {
        if (++_comprehensions > MaximumComprehensions)
        {
            throw new ExpressionException(
                $"all, exists, map, filter and .* nest deeper than {MaximumComprehensions}", position, isLimit: true);
        }
    }

    private Token Take() => Current.Kind == TokenKind.End ? Current : _tokens[_next++];

    private Token Expect(string symbol) => Current.Is(symbol)
        ? Take()
        : throw new ExpressionException($"expected '{symbol}', found {Current.Describe()}", Current.Start);

    private Token ExpectName() => Current.Kind == TokenKind.Name
        ? Take()
        : throw new ExpressionException($"expected a name, found {Current.Describe()}", Current.Start);
}
