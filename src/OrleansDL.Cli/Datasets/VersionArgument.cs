using System.CommandLine;

namespace OrleansDL.Datasets;

/// <summary>A dataset and one of its versions, as everywhere in the platform: <c>name</c>, <c>name@dev</c>, <c>name@v3</c>; or the version as an option of its own.</summary>
internal static class VersionArgument
{
    public static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset, or name@VERSION." };
    public static readonly Option<string?> Version = new("--version", "-v") { Description = "Which version: latest, a branch, a tag, v3, or sha256:... Default: what stands behind the @, or latest." };

    /// <exception cref="InvalidException">The version is said twice.</exception>
    public static (string Dataset, string Version) Of(Session session) => Of(session, Version);

    /// <inheritdoc cref="Of(Session)"/>
    public static (string Dataset, string Version) Of(Session session, Option<string?> said)
    {
        var (name, version) = (session.Get(Dataset), session.Get(said));
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0
            ? (name, version ?? "latest")
            : version is null
                ? (name[..at], name[(at + 1)..])
                : throw new InvalidException($"'{name}' names a version and so does {said.Name} {version}. Say one of them.");
    }
}
