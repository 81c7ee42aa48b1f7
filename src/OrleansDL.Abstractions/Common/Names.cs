using System.Text.RegularExpressions;

namespace OrleansDL;

/// <summary>The rule every <c>/v1</c> name follows: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,127}</c>.</summary>
public static partial class Names
{
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name) && !Guid.TryParse(name, out _);

    /// <exception cref="InvalidException">The name breaks the rule.</exception>
    public static string Check(string? name, string kind) => IsValid(name)
        ? name!
        : throw new InvalidException(
            $"'{(name?.Length > 64 ? name[..64] + "..." : name)}' is no {kind} name. A name starts with a letter or digit, goes on with letters, digits, '.', '_' or '-', has 128 characters at most, and is not a UUID.");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
