using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace OrleansDL.Expressions;

/// <summary>What the functions of the language need besides the evaluator.</summary>
internal static class Functions
{
    private const int MaximumPattern = 500;
    private const int MaximumPatterns = 1000;

    private static readonly ConcurrentDictionary<string, Regex> Patterns = new(StringComparer.Ordinal);

    public static readonly string[] Names =
        ["has", "size", "min", "max", "abs", "round", "startsWith", "endsWith", "contains", "matches", "duration", "timestamp", "now", "all", "exists", "map", "filter"];

    /// <summary>Compiles a pattern for an engine whose time is linear in its input.</summary>
    /// <exception cref="ArgumentException">The pattern is wrong or too long.</exception>
    /// <exception cref="NotSupportedException">The pattern needs backtracking, or its automaton is too large.</exception>
    public static Regex Pattern(string pattern)
    {
        if (Patterns.TryGetValue(pattern, out var known))
        {
            return known;
        }

        if (pattern.Length > MaximumPattern)
        {
            throw new ArgumentException($"it has {pattern.Length} characters; {MaximumPattern} is the limit");
        }

        var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200));
        if (Patterns.Count < MaximumPatterns)
        {
            Patterns.TryAdd(pattern, regex);
        }

        return regex;
    }
}
