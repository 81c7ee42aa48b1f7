using System.Globalization;
using OrleansDL.Datasets;
using OrleansDL.Models;
using OrleansDL.UserCode;

namespace OrleansDL.Training;

/// <summary>What a spec comes to: the immutable versions its references name, once everything in it was checked.</summary>
/// <param name="Spec">As it was asked for, its references to weights made immutable.</param>
/// <param name="Model">The version to judge, or to start from.</param>
/// <param name="ResumeFrom">The checkpoint of another run to go on from.</param>
/// <param name="Code">code: the version to run.</param>
internal sealed record RunPlan(TrainingSpec Spec, DatasetVersion Dataset, ModelVersion? Model, Checkpoint? ResumeFrom, CodeVersion? Code)
{
    private const string WeightsFile = "weights.safetensors";

    private const int FilesPerPage = 1000;

    /// <exception cref="OrleansDLException">The spec breaks a rule, or names a thing that is not there.</exception>
    public static async Task<RunPlan> MakeAsync(IGrainFactory grains, string project, TrainingSpec spec)
    {
        TrainingSpecRules.Check(spec);
        Names.Check(spec.Pool, "pool");
        var dataset = await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync(spec.Dataset);
        if (spec.Selection is not null && dataset.Selection is null)
        {
            throw new InvalidException("A selection becomes a snapshot before the run is created. Call the selections grain first and name its version, or create the run over HTTP.");
        }

        var model = (spec.Initialize?.Model ?? (spec.Program is TrainingProgram.Evaluate ? spec.Model : null)) is { } reference
            ? await grains.GetGrain<IModelsGrain>(project).ResolveAsync(reference)
            : null;
        spec = spec with { Initialize = await ResolveAsync(grains, project, spec.Initialize, model) };
        var code = await CodeAsync(grains, project, spec);
        if (spec.Fork is not { } fork)
        {
            return new RunPlan(spec, dataset, model, null, code);
        }

        var source = await grains.GetGrain<ITrainingRunsGrain>(project).GetAsync(fork.Run);
        var checkpoints = await grains.GetGrain<ITrainingRunGrain>(source.Id).ListCheckpointsAsync();
        var checkpoint = ForkRules.Choose(spec, dataset, source, checkpoints);
        return new RunPlan(
            spec with { Fork = new ForkSpec { Run = source.Id.ToString(), Step = checkpoint.Step } },
            dataset,
            model,
            checkpoint with { Attempt = 0, Score = null },
            code);
    }

    /// <summary>Files of a model that an attempt's process reads; null: none.</summary>
    public static IReadOnlyDictionary<string, BlobRef>? ModelFiles(TrainingRunState state) => state.Spec?.Initialize?.Weights is { } weights
        ? new Dictionary<string, BlobRef> { [WeightsFile] = weights }
        : state.Model?.Artifact;

    private static async Task<InitializeSpec?> ResolveAsync(IGrainFactory grains, string project, InitializeSpec? initialize, ModelVersion? model)
    {
        if (initialize is null)
        {
            return null;
        }

        if (model is not null)
        {
            return model.Artifact.TryGetValue(WeightsFile, out var weights)
                ? initialize with { Weights = weights }
                : throw new InvalidException(
                    $"initialize.model '{model.ModelName}@{model.Version}' has no {WeightsFile}: it was not trained here. Commit its safetensors file to a dataset, and name that as initialize.dataset and initialize.file.");
        }

        var version = await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync(initialize.Dataset!);
        await foreach (var page in FilesAsync(grains, project, version))
        {
            if (page.FirstOrDefault(file => file.Path == initialize.File) is { } file)
            {
                return initialize with { Dataset = $"{version.DatasetName}@{version.Commit}", Weights = new BlobRef { Blob = file.Blob, Bytes = file.Bytes } };
            }
        }

        throw new InvalidException($"initialize.file '{initialize.File}' is no file of dataset '{version.DatasetName}@v{version.Version}'. List its files to see what there is.");
    }

    private static async Task<CodeVersion?> CodeAsync(IGrainFactory grains, string project, TrainingSpec spec)
    {
        if (spec.Code is not { } code)
        {
            return null;
        }

        if (code.Secrets is { Count: > 0 } secrets)
        {
            await grains.GetGrain<ISecretsGrain>(project).EnsureAsync(secrets);
        }

        return await grains.GetGrain<ICodeGrain>(project).ResolveAsync(code.Reference);
    }

    /// <summary>The files of a dataset version, page by page.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<DatasetEntry>> FilesAsync(IGrainFactory grains, string project, DatasetVersion version)
    {
        var datasets = grains.GetGrain<IDatasetsGrain>(project);
        var page = new PageRequest { Size = FilesPerPage };
        do
        {
            var files = await datasets.ListFilesAsync($"{version.Dataset}@{version.Commit}", page);
            yield return files.Items;
            page = page with { Token = files.NextPageToken };
        }
        while (page.Token is not null);
    }

    /// <summary>One of these makes what a program left a model.</summary>
    public static IReadOnlyList<string> Servable { get; } = ["model.onnx", "model.pt", "predictor.json"];

    /// <summary>The run's id is the registration's: however often it is repeated, one version comes of it.</summary>
    public static ModelRegistration Registration(Guid run, TrainingRunState state, RunOutcome outcome)
    {
        var spec = state.Spec!;
        var parameters = new Dictionary<string, string>(spec.Parameters ?? new Dictionary<string, string>())
        {
            ["family"] = spec.Network?.Family ?? "",
            ["epochs"] = spec.Epochs.ToString(CultureInfo.InvariantCulture),
            ["batchSize"] = spec.BatchSize.ToString(CultureInfo.InvariantCulture),
            ["optimizer"] = spec.Optimizer,
            ["learningRate"] = spec.LearningRate.ToString("R", CultureInfo.InvariantCulture),
            ["weightDecay"] = spec.WeightDecay.ToString("R", CultureInfo.InvariantCulture),
            ["seed"] = spec.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (spec.Workers > 1)
        {
            // Who trained it decides its last bits: as many as each attempt had.
            parameters["workers"] = string.Join(", ", (state.Attempts ?? []).Select(attempt => attempt.Workers.Count.ToString(CultureInfo.InvariantCulture)));
        }

        if (state.Code is { } code)
        {
            parameters["code"] = $"{code.CodeName}@{code.Version}";
        }

        return new ModelRegistration
        {
            Id = run,
            Run = run,
            Artifact = outcome.Artifact,
            Metrics = outcome.Metrics,
            Parameters = parameters,
            DatasetName = state.Dataset!.DatasetName,
            DatasetVersion = state.Dataset.Version,
            DatasetCommit = state.Dataset.Commit,
            Origin = spec.Program is TrainingProgram.Code ? ModelOrigin.Code : ModelOrigin.Trainer,
        };
    }
}
