using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a version policy must keep to.</summary>
public static class VersionPolicyRules
{
    /// <summary>Versions that one deployment serves at most.</summary>
    public const int MaximumVersions = 64;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(VersionPolicy policy)
    {
        if (!Enum.IsDefined(policy.Kind))
        {
            throw new InvalidException($"versions.kind '{policy.Kind}' is unknown. Kinds: latest, all, specific.");
        }

        if (policy.Kind is VersionPolicyKind.Latest && policy.Count is < 1 or > MaximumVersions)
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"versions.count is {policy.Count}. Give a number from 1 to {MaximumVersions}."));
        }

        if (policy.Kind is not VersionPolicyKind.Specific)
        {
            return;
        }

        if (policy.Versions.Count is < 1 or > MaximumVersions)
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"versions.versions names {policy.Versions.Count} versions. Name 1 to {MaximumVersions}."));
        }

        if (policy.Versions.Any(version => version < 1) || policy.Versions.Distinct().Count() != policy.Versions.Count)
        {
            throw new InvalidException("versions.versions names a version twice, or one below 1. Versions are numbers from 1 on.");
        }
    }
}
