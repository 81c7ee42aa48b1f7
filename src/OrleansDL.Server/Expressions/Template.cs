using System.Globalization;
using System.Text;

namespace OrleansDL.Expressions;

/// <summary>Text with <c>${{ expression }}</c> in it. When that is all of it, its value keeps its type; else it becomes text.</summary>
internal sealed class Template
{
    private const string Open = "${{";

    private readonly List<(string Literal, Expression? Hole)> _parts;

    private Template(List<(string Literal, Expression? Hole)> parts) => _parts = parts;

    /// <summary>Whether the value is that of one expression, and not text.</summary>
    public bool IsWhole => _parts is [(_, not null)];

    public IEnumerable<Expression> Expressions => _parts.Where(part => part.Hole is not null).Select(part => part.Hole!);

    public static bool Has(string text) => text.Contains(Open, StringComparison.Ordinal);

    /// <exception cref="ExpressionException">An expression is wrong or never closed; positions count from the start of the text.</exception>
    public static Template Parse(string text)
    {
        var trimmed = text.Trim();
        var whole = trimmed.StartsWith(Open, StringComparison.Ordinal) && End(trimmed, Open.Length) == trimmed.Length - 2;
        var source = whole ? trimmed : text;
        var parts = new List<(string, Expression?)>();
        var at = 0;
        while (source.IndexOf(Open, at, StringComparison.Ordinal) is >= 0 and var open)
        {
            var end = End(source, open + Open.Length);
            if (end < 0)
            {
                throw new ExpressionException("'${{' is never closed with '}}'", open);
            }

            if (open > at)
            {
                parts.Add((source[at..open], null));
            }

            parts.Add(("", Expression.Parse(source[(open + Open.Length)..end].Trim())));
            at = end + 2;
        }

        if (at < source.Length)
        {
            parts.Add((source[at..], null));
        }

        return new Template(parts);
    }

    /// <summary>The type the template's value will have.</summary>
    public ExpressionType Check(IReadOnlyDictionary<string, ExpressionType> scope)
    {
        var types = Expressions.Select(hole => hole.Check(scope)).ToList();
        return IsWhole ? types[0] : ExpressionType.String;
    }

    public Value Evaluate(IReadOnlyDictionary<string, Value> variables, DateTimeOffset now)
    {
        if (IsWhole)
        {
            return _parts[0].Hole!.Evaluate(variables, now).Value;
        }

        var text = new StringBuilder();
        foreach (var (literal, hole) in _parts)
        {
            text.Append(hole is null ? literal : Written(hole.Evaluate(variables, now).Value));
        }

        return Value.Of(text.ToString());
    }

    private static string Written(Value value) => value switch
    {
        Value.String s => s.Text,
        Value.Double d => d.Number.ToString("R", CultureInfo.InvariantCulture),
        Value.Duration or Value.Timestamp => ValueJson.Write(value).Trim('"'),
        _ => ValueJson.Write(value),
    };

    // Braces of maps and quoted strings may hold "}}" themselves.
    private static int End(string text, int from)
    {
        var depth = 0;
        for (var at = from; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '"' or '\'':
                    var quote = text[at];
                    for (at++; at < text.Length && text[at] != quote; at++)
                    {
                        at += text[at] == '\\' ? 1 : 0;
                    }

                    break;
                case '{':
                    depth++;
                    break;
                case '}' when depth > 0:
                    depth--;
                    break;
                case '}' when at + 1 < text.Length && text[at + 1] == '}':
                    return at;
            }
        }

        return -1;
    }
}
