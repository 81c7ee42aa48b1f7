using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>A version policy as it is written on the command line: <c>latest</c>, <c>latest:2</c>, <c>all</c>, <c>1,3</c>.</summary>
internal static class VersionPolicyText
{
    /// <exception cref="InvalidException">It is none.</exception>
    public static VersionPolicy? Parse(string? text) => text switch
    {
        null => null,
        "latest" => new VersionPolicy(),
        "all" => new VersionPolicy { Kind = VersionPolicyKind.All },
        _ when text.StartsWith("latest:", StringComparison.Ordinal) && int.TryParse(text["latest:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) =>
            new VersionPolicy { Count = count },
        _ => new VersionPolicy
        {
            Kind = VersionPolicyKind.Specific,
            Versions = [.. text.Split(',').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : throw new InvalidException($"--versions is latest, latest:N, all, or numbers as in 1,3, not '{text}'."))],
        },
    };
}
