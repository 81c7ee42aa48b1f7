using System.Text.RegularExpressions;

namespace OrleansDL.UserCode;

/// <summary>What variables of a program's environment, and so secrets, are called.</summary>
internal static partial class VariableName
{
    /// <summary>The rule in words.</summary>
    public const string Rule = "A name is letters, digits and '_', does not begin with a digit or with ODL_, and has 128 characters at most.";

    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name) && !name.StartsWith("ODL_", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
