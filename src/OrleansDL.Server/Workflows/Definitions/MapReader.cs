using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>Takes the keys of one map apart. What nobody asked for is refused, never ignored.</summary>
internal sealed class MapReader
{
    private readonly Dictionary<string, YamlNode> _left;
    private readonly List<string> _asked = [];

    public MapReader(YamlNode node)
    {
        At = node.At;
        _left = node.Entries is { } entries
            ? entries.ToDictionary(StringComparer.Ordinal)
            : throw node.At.Wrong($"must be a map, but is {node.Shape}.");
    }

    public Place At { get; }

    public YamlNode? Take(string key)
    {
        _asked.Add(key);
        return _left.Remove(key, out var node) ? node : null;
    }

    public YamlNode Need(string key) => Take(key) ?? throw At.Wrong($"'{key}' is missing.");

    public string? TakeText(string key) => Take(key) is { } node ? Text(node) : null;

    public string NeedText(string key) => Text(Need(key));

    public static string Text(YamlNode node) => node.Scalar is Value.String s && s.Text.Length > 0
        ? s.Text
        : throw node.At.Wrong($"must be text, but is {node.Shape}.");

    public long? TakeInt(string key, long least, long most) => Take(key) is { } node
        ? node.Scalar is Value.Int i && i.Number >= least && i.Number <= most
            ? i.Number
            : throw node.At.Wrong($"must be a whole number from {least} to {most}, but is '{node.Text}'.")
        : null;

    public TimeSpan? TakeDuration(string key) => Take(key) is { } node
        ? DurationText.TryParse(node.Text, out var span) && span > TimeSpan.Zero
            ? span
            : throw node.At.Wrong($"'{node.Text}' is no duration. Write for example 90s, 10m, 1h30m or 2d.")
        : null;

    public string? TakeOneOf(string key, params string[] allowed) => Take(key) is { } node
        ? allowed.Contains(node.Text, StringComparer.Ordinal)
            ? node.Text
            : throw node.At.Wrong($"'{node.Text}' is not one of {string.Join(", ", allowed)}.")
        : null;

    /// <summary>A bare expression. YAML may have read it as a truth value or a number: what counts is how it was written.</summary>
    public Expression? TakeExpression(string key) => Take(key) is { } node ? ParseExpression(node) : null;

    public static Expression ParseExpression(YamlNode node)
    {
        if (node.Scalar is null or Value.Null)
        {
            throw node.At.Wrong($"must be an expression, but is {node.Shape}.");
        }

        if (Template.Has(node.Text))
        {
            throw node.At.Wrong("is an expression already: leave '${{' and '}}' out.");
        }

        try
        {
            return Expression.Parse(node.Text.Trim());
        }
        catch (ExpressionException problem)
        {
            throw node.At.Wrong($"{problem.Message} in '{node.Text.Trim()}'.");
        }
    }

    /// <summary>Refuses a key of the file's shape that this version does not carry out, saying what to do instead.</summary>
    public void Refuse(string key, string instead)
    {
        if (_left.TryGetValue(key, out var node))
        {
            throw node.At.Wrong($"'{key}' is not supported yet. {instead}");
        }
    }

    public void Done()
    {
        foreach (var (key, node) in _left)
        {
            throw node.At.Wrong($"'{key}' means nothing here; known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}.");
        }
    }
}
