using System.Collections.Concurrent;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Models;
using OrleansDL.Serving.Ensembles;
using OrleansDL.Serving.Protocol;
using OrleansDL.Timing;

namespace OrleansDL.Serving.Repository;

/// <summary>
/// Loads and unloads models by their name: a model of the repository's folder becomes versions in the registry and a deployment that serves them;
/// any other deployment is told to load or unload what it serves. Nothing else is kept, so restarts and other servers know what is loaded.
/// </summary>
internal sealed partial class ModelRepository(
    IGrainFactory grains, BlobStore blobs, TimeProvider time, IOptions<RepositoryOptions> options, ILogger<ModelRepository> logger) : IDisposable
{
    private readonly RepositoryOptions _options = options.Value;
    private readonly ConcurrentDictionary<string, string> _errors = new(StringComparer.Ordinal);

    // A model is loaded by one at a time; models are few against the cost of a lock each.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _loading = new(StringComparer.Ordinal);

    /// <summary>Whether the project's models come from the folder.</summary>
    public bool Holds(string project) => _options.Directory is not null && project == _options.Project;

    /// <summary>Whether clients may load and unload the project's models.</summary>
    public bool IsControlled(string project) => !Holds(project) || _options.ControlMode is ModelControlMode.Explicit;

    /// <summary>Models of the folder and the registry by name, with why each could not be taken over, if so.</summary>
    public async Task<IReadOnlyList<(string Name, string? Error)>> ListAsync(string project)
    {
        var names = new SortedSet<string>(Holds(project) ? ModelFolder.List(_options.Directory!) : [], StringComparer.Ordinal);
        var page = new PageRequest { Size = PageRequest.MaximumSize };
        do
        {
            var models = await grains.GetGrain<IModelsGrain>(project).ListAsync(page);
            names.UnionWith(models.Items.Select(model => model.Name));
            page = page with { Token = models.NextPageToken };
        }
        while (page.Token is not null);
        return [.. names.Select(name => (name, _errors.GetValueOrDefault(name)))];
    }

    /// <summary>Loads a model, and returns when it answers.</summary>
    /// <exception cref="InferenceProtocolException">It cannot be loaded; the message says why.</exception>
    public Task LoadAsync(string project, string model, LoadRequest request, CancellationToken cancellationToken) => LoadAsync(project, model, request, [], cancellationToken);

    /// <summary>Has a model answer nobody from now on. Its memory is freed when the requests in flight are answered.</summary>
    /// <param name="project">Whose.</param>
    /// <param name="model">Its name.</param>
    /// <param name="withSteps">Whether the models that it calls, if it is an ensemble, are unloaded too.</param>
    /// <exception cref="InferenceProtocolException">No model can have that name.</exception>
    public async Task UnloadAsync(string project, string model, bool withSteps)
    {
        var steps = withSteps ? (await FindAsync(project, model))?.Ensemble?.Steps.Select(step => step.Deployment).Distinct(StringComparer.Ordinal) : null;
        await UnloadAsync(project, model);
        foreach (var step in steps ?? [])
        {
            if (await FindAsync(project, step) is { Status: not DeploymentStatus.Unloaded })
            {
                await UnloadAsync(project, step);
            }
        }
    }

    private async Task LoadAsync(string project, string model, LoadRequest request, IReadOnlyList<string> within, CancellationToken cancellationToken)
    {
        CheckName(model);
        if (request is { Config: null, Files.Count: > 0 })
        {
            throw NotPolled(model, "override files are specified without a 'config' parameter: give the configuration of the model they make up");
        }

        var isOurs = Holds(project) && (request.Files.Count > 0 || Directory.Exists(Path.Combine(_options.Directory!, model)));
        var existing = await FindAsync(project, model);
        if (!isOurs && (existing?.Numbers is not null || request is { Config: not null } or { Files.Count: > 0 } || (existing is null && !await IsRegisteredAsync(project, model))))
        {
            throw NotPolled(model, existing is null ? $"there is no model '{model}'" : $"'{model}' is not in the model repository");
        }

        try
        {
            // Before the model's own turn: ensembles that call one another in a ring would wait for each other's for ever.
            if (isOurs)
            {
                await LoadStepsAsync(project, model, await ReadAsync(model, request), within, cancellationToken);
            }

            await LoadInTurnAsync(project, model, request, isOurs, cancellationToken);
            _errors.TryRemove(model, out _);
        }
        catch (OrleansDLException error)
        {
            _errors[model] = error.Message;
            LogFailed(model, error.Message);
            throw InferenceProtocolException.Invalid($"load failed for model '{model}': {error.Message}");
        }
        catch (InferenceProtocolException error)
        {
            _errors[model] = error.Message;
            LogFailed(model, error.Message);
            throw;
        }
    }

    private async Task LoadInTurnAsync(string project, string model, LoadRequest request, bool isOurs, CancellationToken cancellationToken)
    {
        var gate = _loading.GetOrAdd(model, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Looked up in turn: who loads it at the same time may just have made it.
            var existing = await FindAsync(project, model);
            var loaded = isOurs
                ? await DeployAsync(project, await ReadAsync(model, request), existing, request)
                : await SetAsync(project, existing is null ? OfRegistry(model) : existing.ToSpec() with { Unloaded = false }, existing);
            if (!(request.LeavesUnchanged && loaded.ETag == existing?.ETag))
            {
                await SettleAsync(loaded, cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Has a model answer nobody from now on. Its memory is freed when the requests in flight are answered. One that is not there is unloaded already.</summary>
    /// <exception cref="InferenceProtocolException">No model can have that name.</exception>
    public async Task UnloadAsync(string project, string model)
    {
        CheckName(model);
        if (await FindAsync(project, model) is { } existing)
        {
            await grains.GetGrain<IDeploymentGrain>(existing.Id).UpdateAsync(Guid.CreateVersion7(time.GetUtcNow()), existing.ToSpec() with { Unloaded = true }, null);
            LogUnloaded(model);
        }
    }

    public void Dispose()
    {
        foreach (var gate in _loading.Values)
        {
            gate.Dispose();
        }
    }

    private async Task<FolderModel> ReadAsync(string model, LoadRequest request)
    {
        try
        {
            return await Task.Run(() => ModelFolder.Read(_options.Directory!, model, request));
        }
        catch (Exception error) when (error is InvalidException or IOException or UnauthorizedAccessException)
        {
            throw NotPolled(model, error.Message);
        }
    }

    private async Task<Deployment> DeployAsync(string project, FolderModel folder, Deployment? existing, LoadRequest request)
    {
        if (existing is { Numbers: null })
        {
            throw new ConflictException($"The project has a deployment '{folder.Name}' that is not of the model repository. Rename one of them.");
        }

        ConfigRules.Check(folder.Config);
        if (ConfigEnsemble.Is(folder.Config))
        {
            return await DeployEnsembleAsync(project, folder, existing);
        }

        var chosen = ConfigSpec.Choose(folder.Config, folder.Versions.Keys);
        var backend = Backend.Of(folder.Config);
        var file = folder.Config.DefaultModelFilename is { Length: > 0 } named ? named : backend.File;
        ConfigCompletion.Complete(folder.Config, backend == Backend.Onnx ? SignatureOf(folder.Versions[chosen[0]], file, folder.Config) : null, folder.GivesBatchSize, _options.DefaultMaximumBatchSize);
        var labels = Labels.Read(folder);
        var (extra, warmUps) = (ConfigFiles.Of(folder), ConfigWarmUp.Of(folder.Config));
        var registry = grains.GetGrain<IModelGrain>((await grains.GetGrain<IModelsGrain>(project).EnsureAsync(folder.Name)).Id);
        var numbers = new Dictionary<long, long>();
        foreach (var number in chosen)
        {
            numbers[number] = (await registry.RegisterAsync(await Registration.OfAsync(blobs, folder, number, file, backend, extra))).Version;
        }

        var spec = (existing?.ToSpec() ?? new DeploymentSpec { Name = folder.Name }) with
        {
            Model = folder.Name,
            Unloaded = false,
            Ensemble = null,
            Batching = ConfigSpec.Batching(folder.Config),
            Sequence = ConfigSequence.Of(folder.Config),
            Versions = new VersionPolicy { Kind = VersionPolicyKind.All },
            Numbers = numbers,
            Cache = CacheOf(folder.Config),
            Residency = existing?.Residency ?? (_options.OnDemand && ConfigSequence.Of(folder.Config) is null ? new ResidencySpec() : null),
            Trusted = request.Files.Count == 0 && !_options.Isolated,
            Device = ConfigDevice.Of(folder.Config),
            Replicas = existing?.Residency is null && !_options.OnDemand ? ConfigDevice.Replicas(folder.Config) ?? existing?.Replicas ?? 1 : 1,
            Configuration = new ServedConfiguration
            {
                Config = JsonFormatter.Default.Format(folder.Config),
                MaximumBatchSize = folder.Config.MaxBatchSize,
                Labels = labels.Count > 0 ? labels : null,
                Reshapes = ConfigReshape.Of(folder.Config),
                WarmUps = warmUps,
                Runtime = ConfigRuntime.Of(folder.Config),
                Ragged = ConfigRagged.Of(folder.Config),
            },
        };
        return request.LeavesUnchanged && existing is { Status: DeploymentStatus.Ready, Residency: not null, Reason: null } && Text(existing.ToSpec()) == Text(spec)
            ? existing
            : await SetAsync(project, spec, existing);
    }

    private async Task<Deployment> DeployEnsembleAsync(string project, FolderModel folder, Deployment? existing)
    {
        var ensemble = ConfigEnsemble.Of(folder.Config);
        folder.Config.Platform = "ensemble";
        var numbers = ConfigSpec.Choose(folder.Config, folder.Versions.Keys);
        var labels = Labels.Read(folder);
        var spec = new DeploymentSpec
        {
            Name = folder.Name,
            Public = existing?.Public ?? false,
            Numbers = numbers.ToDictionary(number => number),
            Ensemble = ensemble,
            Cache = CacheOf(folder.Config),
            Configuration = new ServedConfiguration
            {
                Config = JsonFormatter.Default.Format(folder.Config),
                MaximumBatchSize = folder.Config.MaxBatchSize,
                Labels = labels.Count > 0 ? labels : null,
            },
        };
        return await SetAsync(project, spec, existing);
    }

    /// <summary>A model of the registry that nobody deployed: its newest version, whichever that is.</summary>
    private DeploymentSpec OfRegistry(string model) =>
        new() { Name = model, Model = model, Versions = new VersionPolicy(), Residency = _options.OnDemand ? new ResidencySpec() : null };

    private async Task<bool> IsRegisteredAsync(string project, string model)
    {
        try
        {
            await grains.GetGrain<IModelsGrain>(project).GetAsync(model);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    private async Task<Deployment> SetAsync(string project, DeploymentSpec spec, Deployment? existing)
    {
        var change = Guid.CreateVersion7(time.GetUtcNow());
        return existing is null
            ? await grains.GetGrain<IDeploymentsGrain>(project).CreateAsync(change, spec)
            : await grains.GetGrain<IDeploymentGrain>(existing.Id).UpdateAsync(change, spec, null);
    }

    /// <summary>Models of the folder that an ensemble calls are loaded before it, as they are there.</summary>
    private async Task LoadStepsAsync(string project, string model, FolderModel folder, IReadOnlyList<string> within, CancellationToken cancellationToken)
    {
        if (!ConfigEnsemble.Is(folder.Config) || within.Count > EnsembleCheck.MaximumDepth)
        {
            return;
        }

        foreach (var step in ConfigEnsemble.Of(folder.Config).Steps.Select(step => step.Deployment).Distinct(StringComparer.Ordinal))
        {
            if (step != model && !within.Contains(step) && Holds(project) && Directory.Exists(Path.Combine(_options.Directory!, step))
                && await FindAsync(project, step) is null or { Status: DeploymentStatus.Unloaded })
            {
                await LoadAsync(project, step, LoadRequest.Plain, [.. within, model], cancellationToken);
            }
        }
    }

    private ResponseCacheSpec? CacheOf(Rpc.Wire.ModelConfig config) =>
        config.ResponseCache?.Enable is true ? new ResponseCacheSpec { MaximumBytes = _options.ResponseCacheBytes } : null;

    private static ModelSignature? SignatureOf(IReadOnlyList<FolderFile> files, string name, Rpc.Wire.ModelConfig config)
    {
        if (files.FirstOrDefault(file => file.Name == name) is not { } model)
        {
            return null;
        }

        using var stream = model.Open();
        return OnnxSignature.TryRead(stream, config.Input.Where(input => input.Optional).Select(input => input.Name).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Returns when the deployment's act is over: it answers, or why not is known.</summary>
    private async Task SettleAsync(Deployment deployment, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IDeploymentGrain>(deployment.Id);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await grain.WakeAsync(WakeUps.Act, null);
            }
            catch (TimeoutException)
            {
                // It goes on loading; the call was only too long to wait for in one piece.
                continue;
            }

            var now = await grain.GetAsync();
            switch (now.Status)
            {
                case DeploymentStatus.Ready:
                    LogLoaded(now.Name, string.Join(", ", now.Served!.Select(version => version.Number)));
                    return;
                case DeploymentStatus.Loading:
                    throw new InferenceProtocolException(503, $"load failed for model '{now.Name}': {now.Reason}");
                case DeploymentStatus.Unloaded:
                    // Another caller unloaded it before it was found ready.
                    throw InferenceProtocolException.Internal($"failed to load '{now.Name}', no version is available");
                default:
                    var failed = now.Served!.FirstOrDefault(version => version is { Status: DeploymentStatus.Failed });
                    throw InferenceProtocolException.Invalid($"load failed for model '{now.Name}': version {failed?.Number} is at UNAVAILABLE state: {failed?.Reason ?? now.Reason}");
            }
        }
    }

    private async Task<Deployment?> FindAsync(string project, string model)
    {
        try
        {
            return await grains.GetGrain<IDeploymentsGrain>(project).GetAsync(model);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private static string Text(DeploymentSpec spec) => JsonSerializer.Serialize(spec, OdlJson.Options);

    private static void CheckName(string model)
    {
        if (string.IsNullOrWhiteSpace(model))
        {
            throw InferenceProtocolException.Invalid("Model name cannot be empty. Please enter a valid name to deploy.");
        }

        if (model is "." or ".." || model.AsSpan().ContainsAny('/', '\\', '\0'))
        {
            throw InferenceProtocolException.Invalid("model name must not contain path traversal characters");
        }
    }

    private static InferenceProtocolException NotPolled(string model, string reason) =>
        InferenceProtocolException.Internal($"failed to load '{model}', failed to poll from model repository: {reason}");

    [LoggerMessage(LogLevel.Information, "Loaded model {Model} of the repository, version {Versions}")]
    private partial void LogLoaded(string model, string versions);

    [LoggerMessage(LogLevel.Information, "Unloaded model {Model}")]
    private partial void LogUnloaded(string model);

    [LoggerMessage(LogLevel.Warning, "Model {Model} could not be loaded: {Reason}")]
    private partial void LogFailed(string model, string reason);
}
