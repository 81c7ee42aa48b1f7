using System.Collections.Concurrent;
using OrleansDL.Events;
using OrleansDL.Models;
using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL.Tests.Workflows;

/// <summary>Everything a workflow reaches outside itself, by hand and out of the node: it survives the node, and counts what happens to it.</summary>
internal sealed class FakeWorld
{
    public const string Project = "default";

    public ConcurrentDictionary<string, Guid> Datasets { get; } = new()
    {
        ["digits"] = Guid.CreateVersion7(),
        ["digits-golden"] = Guid.CreateVersion7(),
    };

    public ConcurrentDictionary<Guid, TrainingRun> Runs { get; } = new();
    public List<ModelVersion> Versions { get; } = [];
    public ConcurrentDictionary<string, long> Aliases { get; } = new();
    public ConcurrentDictionary<Guid, Deployment> Deployments { get; } = new();

    /// <summary>Changes made to deployments, creations included.</summary>
    public List<Guid> Changes { get; } = [];
    public List<Guid> Cancelled { get; } = [];

    /// <summary>What becomes of a run that was created: completed with metrics, failed, or (null) nothing yet.</summary>
    public Func<TrainingSpec, TrainingRun, TrainingRun?> Outcome { get; set; } = (spec, run) =>
        run with { Status = RunStatus.Completed, Metrics = new Dictionary<string, double> { ["accuracy"] = 0.95, ["accuracy.low"] = 0.94, ["validation.accuracy"] = 0.9 } };

    /// <summary>The event log of the node that is up.</summary>
    public EventLog? Events { get; set; }

    public Guid Model { get; } = Guid.CreateVersion7();

    public IEnumerable<TrainingRun> Trained => Runs.Values.Where(run => run.Spec.Program == TrainingProgram.Train);

    public IEnumerable<TrainingRun> Evaluated => Runs.Values.Where(run => run.Spec.Program == TrainingProgram.Evaluate);

    public async Task<TrainingRun> CreateAsync(Guid id, string project, TrainingSpec spec)
    {
        var run = new TrainingRun
        {
            Id = id,
            Project = project,
            Name = $"run-{id:N}",
            Status = RunStatus.Queued,
            Spec = spec,
            DatasetCommit = BlobId.FromHash(new byte[32]),
            DatasetName = spec.Dataset,
            DatasetVersion = 1,
            CreatedAt = TimeProvider.System.GetUtcNow(),
        };
        if (Runs.TryAdd(id, run) && Outcome(spec, run) is { } ended)
        {
            await EndAsync(ended);
        }

        return Runs[id];
    }

    public async Task EndAsync(TrainingRun ended)
    {
        if (ended.Status == RunStatus.Completed && ended.Spec.RegisterAs is { } model)
        {
            lock (Versions)
            {
                var version = new ModelVersion
                {
                    Model = Model,
                    ModelName = model,
                    Version = Versions.Count + 1,
                    Run = ended.Id,
                    Artifact = new Dictionary<string, BlobRef>(),
                    Metrics = ended.Metrics!,
                    Parameters = new Dictionary<string, string>(),
                    CreatedAt = ended.CreatedAt,
                };
                Versions.Add(version);
                ended = ended with { ModelVersion = $"{model}@{version.Version}" };
            }
        }

        Runs[ended.Id] = ended;
        await Events!.AppendAsync(Guid.CreateVersion7(), ended.Project, EventTypes.TrainingRunChanged, ended.Id, new { run = ended.Id, status = ended.Status });
    }

    public async Task<Deployment> DeployAsync(Guid id, Guid change, DeploymentSpec spec)
    {
        lock (Changes)
        {
            if (Changes.Contains(change))
            {
                return Deployments[id];
            }

            Changes.Add(change);
            var version = long.Parse(spec.Model.Split('@')[1], System.Globalization.CultureInfo.InvariantCulture);
            var now = TimeProvider.System.GetUtcNow();
            Deployments[id] = new Deployment
            {
                Id = id,
                Project = Project,
                Name = spec.Name,
                Status = DeploymentStatus.Loading,
                Model = spec.Model.Split('@')[0],
                ModelVersion = version,
                ServingVersion = version,
                Generation = Changes.Count,
                Replicas = spec.Replicas,
                Public = spec.Public,
                Batching = spec.Batching,
                Sequence = spec.Sequence,
                CreatedAt = now,
                ChangedAt = now,
                ETag = "1",
            };
        }

        var answer = Deployments[id];
        Deployments[id] = answer with { Status = DeploymentStatus.Ready };
        await Events!.AppendAsync(Guid.CreateVersion7(), Project, EventTypes.DeploymentChanged, id, new { deployment = id, status = DeploymentStatus.Ready });
        return answer;
    }

    /// <summary>Commits a version of a dataset, as far as anyone hears of it.</summary>
    public async Task<Guid> CommitAsync(string dataset, long rowsAdded, Guid? id = null, string branch = "main")
    {
        var commit = id ?? Guid.CreateVersion7();
        await Events!.AppendAsync(commit, Project, EventTypes.DatasetCommitted, Datasets[dataset], new
        {
            dataset = Datasets[dataset],
            name = dataset,
            version = 1,
            commit = "sha256:00",
            branch,
            tags = Array.Empty<string>(),
            rowsAdded,
            rows = rowsAdded,
            schemaChanged = false,
        });
        return commit;
    }
}
