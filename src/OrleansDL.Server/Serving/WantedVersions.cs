using OrleansDL.Datasets;
using OrleansDL.Models;

namespace OrleansDL.Serving;

/// <summary>Finds the versions that a deployment's spec asks for in the registry.</summary>
internal sealed class WantedVersions(IGrainFactory grains)
{
    /// <summary>The versions, highest number first; one at least.</summary>
    /// <exception cref="NotFoundException">A version that is named is not there.</exception>
    /// <exception cref="InvalidException">The policy cannot be met.</exception>
    public async Task<IReadOnlyList<WantedVersion>> ResolveAsync(string project, DeploymentSpec spec)
    {
        if (spec.Ensemble is not null)
        {
            IEnumerable<long> numbered = spec.Numbers is { Count: > 0 } given ? given.Keys : [1];
            return [.. numbered.OrderDescending().Select(number => new WantedVersion { ModelName = spec.Name, Version = number, Number = number, Ensemble = spec.Ensemble })];
        }

        var models = grains.GetGrain<IModelsGrain>(project);
        if (spec.Versions is not { } policy)
        {
            return [Wanted(await models.ResolveAsync(spec.Model), null, spec)];
        }

        if (spec.Model.Contains('@', StringComparison.Ordinal))
        {
            throw new InvalidException($"A deployment with a version policy names the model alone, not '{spec.Model}': the policy says which versions of it.");
        }

        IReadOnlyList<WantedVersion> wanted = spec.Numbers is { } numbers
            ? await NumberedAsync(models, spec, Choose(policy, numbers.Keys, spec.Model), numbers)
            : policy.Kind is VersionPolicyKind.Specific
                ? await NumberedAsync(models, spec, policy.Versions, null)
                : await NewestAsync(models, spec, policy);
        return wanted.Count > 0
            ? [.. wanted.OrderByDescending(version => version.PublicNumber)]
            : throw new NotFoundException($"Model '{spec.Model}' has no version to serve yet.");
    }

    /// <summary>Looks whether the dataset is there that a deployment's requests are written to.</summary>
    /// <exception cref="NotFoundException">It is not.</exception>
    /// <exception cref="InvalidException">It is no table.</exception>
    public async Task CheckPayloadLogAsync(string project, DeploymentSpec spec)
    {
        if (spec.PayloadLog is { } log)
        {
            PayloadLogRules.Check(log);
            var dataset = await grains.GetGrain<IDatasetsGrain>(project).GetAsync(log.Dataset);
            if (dataset.Kind is not DatasetKind.Table)
            {
                throw new InvalidException($"payloadLog.dataset: '{dataset.Name}' is a dataset of the kind {dataset.Kind}. Requests are written to a table: POST /v1/projects/{project}/datasets makes one.");
            }
        }
    }

    private static List<long> Choose(VersionPolicy policy, IEnumerable<long> numbers, string model)
    {
        var known = numbers.OrderDescending().ToList();
        var chosen = policy.Kind switch
        {
            VersionPolicyKind.Latest => known[..Math.Min(policy.Count, known.Count)],
            VersionPolicyKind.All => known,
            _ => [.. policy.Versions],
        };
        if (chosen.Except(known).ToList() is { Count: > 0 } missing)
        {
            throw new NotFoundException($"Version {missing[0]} is named for model '{model}', but the model has no such version.");
        }

        return chosen.Count <= VersionPolicyRules.MaximumVersions ? chosen : throw TooMany(model, chosen.Count);
    }

    private static async Task<IReadOnlyList<WantedVersion>> NumberedAsync(
        IModelsGrain models, DeploymentSpec spec, IReadOnlyList<long> chosen, IReadOnlyDictionary<long, long>? numbers)
    {
        var versions = new List<WantedVersion>(chosen.Count);
        foreach (var number in chosen)
        {
            versions.Add(Wanted(await models.ResolveAsync($"{spec.Model}@{numbers?[number] ?? number}"), numbers is null ? null : number, spec));
        }

        return versions;
    }

    private static async Task<IReadOnlyList<WantedVersion>> NewestAsync(IModelsGrain models, DeploymentSpec spec, VersionPolicy policy)
    {
        var count = policy.Kind is VersionPolicyKind.All ? VersionPolicyRules.MaximumVersions : policy.Count;
        var page = await models.ListVersionsAsync(spec.Model, new PageRequest { Size = count });
        return policy.Kind is not VersionPolicyKind.All || page.NextPageToken is null
            ? [.. page.Items.Select(version => Wanted(version, null, spec))]
            : throw TooMany(spec.Model, null);
    }

    private static WantedVersion Wanted(ModelVersion version, long? number, DeploymentSpec spec) => VersionIsolation.IsIsolated(version, spec) && DeviceRules.IsGpu(spec.Device)
        ? throw new InvalidException($"device '{spec.Device}': model '{version.ModelName}' runs in a process of its own, which has no GPU: it was made elsewhere, or the deployment says process. Set trusted, or leave device out.")
        : new()
        {
            Model = version.Model,
            ModelName = version.ModelName,
            Version = version.Version,
            Artifact = version.Artifact,
            Batching = spec.Batching,
            Sequence = spec.Sequence,
            Raw = spec.Raw,
            Number = number,
            OnDemand = spec.Residency is not null,
            Isolated = VersionIsolation.IsIsolated(version, spec),
            HangSeconds = spec.HangSeconds,
            Process = spec.Process,
            Device = spec.Device,
            Runtime = spec.Configuration?.Runtime,
            Ragged = spec.Configuration?.Ragged,
        };

    private static InvalidException TooMany(string model, int? count) => new(
        $"Model '{model}' has {(count is { } known ? $"{known} versions" : "more versions")}, and a deployment serves {VersionPolicyRules.MaximumVersions} at most. Choose the latest, or name them.");
}
