using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Serving;

/// <summary>What becomes of a deployment's versions. A version that is wanted no longer answers until all that are wanted do, or one of its own number does.</summary>
internal static class VersionSet
{
    /// <summary>The state with its versions as a set, as which those written before there could be several are read.</summary>
    public static DeploymentState Read(DeploymentState state)
    {
        if (state.Versions is not null || state.Wanted is not { } wanted)
        {
            return state;
        }

        var serving = state.Serving;
        var same = serving?.Number is { } number && number == wanted.Generation;
        List<DeployedVersion> versions =
        [
            new()
            {
                Version = wanted,
                Change = state.Change,
                Signature = same ? serving!.Signature : null,
                Workers = same ? serving!.Workers : [],
                Error = state.Status is DeploymentStatus.Failed ? state.Reason : null,
            },
        ];
        if (!same && serving is not null)
        {
            versions.Add(new DeployedVersion { Version = serving.Version, Change = ChangeOf(state.Change, serving.Version), Signature = serving.Signature, Workers = serving.Workers, Leaving = true });
        }

        return state with { Versions = versions, Wanted = null, Serving = null, Live = state.RecordedGeneration > 0 ? [state.RecordedGeneration] : [] };
    }

    /// <summary>The set after a change: what is the same goes on under its number, anything else is new, and what is wanted no longer leaves.</summary>
    /// <param name="now">The set before.</param>
    /// <param name="wanted">What is wanted.</param>
    /// <param name="change">Id of the change.</param>
    /// <param name="tryAgain">Whether what could not be loaded is tried again, under a new number.</param>
    public static IReadOnlyList<DeployedVersion> Change(IReadOnlyList<DeployedVersion> now, IReadOnlyList<WantedVersion> wanted, Guid change, bool tryAgain)
    {
        var next = wanted.Select(version => now.FirstOrDefault(known => IsSame(known.Version, version) && !(tryAgain && known.Error is not null)) is { } same
            ? same with { Leaving = false }
            : new DeployedVersion { Version = version, Change = ChangeOf(change, version) }).ToList();
        var kept = next.Select(version => version.Change).ToHashSet();
        next.AddRange(now.Where(known => !kept.Contains(known.Change) && known.Signature is not null).Select(known => known with { Leaving = true }));
        return Sorted(next);
    }

    /// <summary>The set when nothing is to be loaded: the wanted versions as if they had never been.</summary>
    public static IReadOnlyList<DeployedVersion> Unload(IReadOnlyList<DeployedVersion> now, Guid change) =>
        [.. now.Where(version => !version.Leaving).Select(version => version.Version with { Generation = null })
            .Select(version => new DeployedVersion { Version = version, Change = ChangeOf(change, version) })];

    /// <summary>The state after its versions changed: what was replaced goes, and where the deployment stands is read off them.</summary>
    public static DeploymentState Settle(DeploymentState state)
    {
        var versions = state.Versions!;
        var gone = Replaced(versions).ToList();
        var left = versions.Except(gone).ToList();
        var status = StatusOf(left);
        return Retire(state, gone) with
        {
            Versions = left,
            Status = status,
            Reason = status switch
            {
                DeploymentStatus.Failed => left.First(version => version is { Leaving: false, Error: not null }).Error,
                DeploymentStatus.Loading when state.Status is DeploymentStatus.Loading => state.Reason,
                _ => null,
            },
        };
    }

    /// <summary>The state with the versions' replicas among those to be unloaded.</summary>
    public static DeploymentState Retire(DeploymentState state, IEnumerable<DeployedVersion> versions) => state with
    {
        Retired = [.. state.Retired.Union(versions.SelectMany(version => (version is { Answers: true, Version.OnDemand: true } ? [RetiredReplica.Anywhere] : version.Workers).Select(worker => new RetiredReplica { Generation = version.Generation, Worker = worker })))],
    };

    /// <summary>The state with one version changed, if it is still there.</summary>
    public static DeploymentState Replace(DeploymentState state, Guid change, Func<DeployedVersion, DeployedVersion> replace) =>
        state.Versions!.Any(known => known.Change == change)
            ? state with { Versions = [.. state.Versions!.Select(known => known.Change == change ? replace(known) : known)] }
            : state;

    /// <summary>One version for each number: the wanted one, unless only one that is leaving answers.</summary>
    public static IEnumerable<DeployedVersion> ByNumber(IReadOnlyList<DeployedVersion> versions) =>
        versions.GroupBy(version => version.Number).Select(same => same.FirstOrDefault(version => version.Answers) ?? same.First());

    /// <summary>What a request that names no version gets: the highest wanted one that answers, else the highest that does. Null when none does.</summary>
    public static DeployedVersion? Default(IReadOnlyList<DeployedVersion> versions) =>
        versions.FirstOrDefault(version => version is { Leaving: false, Answers: true }) ?? versions.FirstOrDefault(version => version.Answers);

    /// <summary>The highest version wanted.</summary>
    public static DeployedVersion? Newest(IReadOnlyList<DeployedVersion> versions) => versions.FirstOrDefault(version => !version.Leaving);

    private static IReadOnlyList<DeployedVersion> Sorted(IEnumerable<DeployedVersion> versions) =>
        [.. versions.OrderByDescending(version => version.Number).ThenBy(version => version.Leaving)];

    /// <summary>What may go now, because what replaces it answers.</summary>
    private static IEnumerable<DeployedVersion> Replaced(IReadOnlyList<DeployedVersion> versions)
    {
        var isComplete = versions.All(version => version.Leaving || version.Answers);
        return versions.Where(version => version.Leaving && (isComplete || versions.Any(other => !other.Leaving && other.Answers && other.Number == version.Number)));
    }

    /// <summary>Where a deployment stands by what its wanted versions do.</summary>
    private static DeploymentStatus StatusOf(IReadOnlyList<DeployedVersion> versions)
    {
        var wanted = versions.Where(version => !version.Leaving).ToList();
        return wanted.Exists(version => !version.Answers && version.Error is null) ? DeploymentStatus.Loading
            : wanted.Exists(version => !version.Answers) ? DeploymentStatus.Failed
            : DeploymentStatus.Ready;
    }

    /// <summary>The same change asked for again brings the same generation.</summary>
    private static Guid ChangeOf(Guid change, WantedVersion version) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{change}/{version.PublicNumber}/{version.Model}/{version.Version}")).AsSpan(0, 16));

    private static bool IsSame(WantedVersion one, WantedVersion other) =>
        one.Model == other.Model && one.Version == other.Version && one.PublicNumber == other.PublicNumber && Text(one.Batching) == Text(other.Batching) && Text(one.Sequence) == Text(other.Sequence)
        && one.OnDemand == other.OnDemand && one.Raw == other.Raw && Text(one.Ensemble) == Text(other.Ensemble)
        && one.Isolated == other.Isolated && one.HangSeconds == other.HangSeconds && one.Process == other.Process && one.Device == other.Device
        && Text(one.Runtime) == Text(other.Runtime) && Text(one.Ragged) == Text(other.Ragged);

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);
}
