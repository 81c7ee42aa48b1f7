using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What went wrong with versions that answer, as it is remembered and shown.</summary>
internal static class Troubles
{
    /// <summary>The state with a worker's newest word on a generation; the same state when it serves no such generation.</summary>
    public static DeploymentState Take(DeploymentState state, long generation, ReplicaTrouble trouble) =>
        state.Versions?.FirstOrDefault(version => version.Generation == generation && generation > 0) is { } version
            ? VersionSet.Replace(state, version.Change, known => known with { Troubles = [.. (known.Troubles ?? []).Where(other => other.Worker != trouble.Worker), trouble] })
            : state;

    /// <summary>The newest, in words; null: there is none.</summary>
    public static string? Of(DeployedVersion? version) => version?.Troubles?.MaxBy(trouble => trouble.Time) is { } newest
        ? string.Create(CultureInfo.InvariantCulture, $"On worker '{newest.Worker}' at {newest.Time:u}: {newest.Reason}")
        : null;
}
