using System.Globalization;
using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>Reads a step's inputs. What templates came to is known only now.</summary>
internal static class Inputs
{
    public static Value? Find(this Value.Map map, string key) =>
        map.Entries.TryGetValue(key, out var value) && value is not Value.Null ? value : null;

    public static string? FindText(this Value.Map map, string key) => map.Find(key) switch
    {
        null => null,
        Value.String { Text.Length: > 0 } s => s.Text,
        var other => throw new InvalidException($"'{key}' must be text, but is {ValueJson.Write(other)}."),
    };

    public static string Text(this Value.Map map, string key) =>
        map.FindText(key) ?? throw new InvalidException($"'{key}' must be text, but is null.");

    public static long? FindInt(this Value.Map map, string key) => map.Find(key) switch
    {
        null => null,
        Value.Int i => i.Number,
        var other => throw new InvalidException($"'{key}' must be a whole number, but is {ValueJson.Write(other)}."),
    };

    public static bool? FindBool(this Value.Map map, string key) => map.Find(key) switch
    {
        null => null,
        Value.Bool b => b.Is,
        var other => throw new InvalidException($"'{key}' must be true or false, but is {ValueJson.Write(other)}."),
    };

    /// <summary>Metrics as expressions read them: <c>validation.accuracy</c> is member <c>accuracy</c> of <c>validation</c>.
    /// A name that is both a metric and the start of others keeps those as <c>metrics["accuracy.low"]</c>.</summary>
    public static Value Metrics(IReadOnlyDictionary<string, double>? metrics)
    {
        var flat = metrics ?? new Dictionary<string, double>();
        return Value.Of(Nest("", flat));
    }

    public static string Plain(Value value) => value switch
    {
        Value.String s => s.Text,
        Value.Double d => d.Number.ToString("R", CultureInfo.InvariantCulture),
        _ => ValueJson.Write(value),
    };

    private static Dictionary<string, Value> Nest(string prefix, IReadOnlyDictionary<string, double> metrics)
    {
        var level = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var (name, number) in metrics.Where(m => m.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var rest = name[prefix.Length..];
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            if (dot <= 0 || metrics.ContainsKey(prefix + rest[..dot]))
            {
                level[rest] = Value.Of(number);
            }
            else if (!level.ContainsKey(rest[..dot]))
            {
                level[rest[..dot]] = Value.Of(Nest($"{prefix}{rest[..dot]}.", metrics));
            }
        }

        return level;
    }
}
