using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Events;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Server and worker in one silo, on a SQLite file in a temporary folder; it can be stopped and started on the same folder.</summary>
internal sealed class TrainingNode : IAsyncDisposable
{
    public const string Project = "default";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly bool _ownsFolder;
    private WebApplication _app = null!;
    private bool _stopped;

    private TrainingNode(string folder, bool ownsFolder)
    {
        Folder = folder;
        _ownsFolder = ownsFolder;
    }

    public string Folder { get; }

    public IServiceProvider Services => _app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public ITrainingRunsGrain Runs => Grains.GetGrain<ITrainingRunsGrain>(Project);

    public ISchedulerGrain Scheduler => Grains.GetGrain<ISchedulerGrain>("default");

    public BlobStore Blobs => Services.GetRequiredService<BlobStore>();

    /// <param name="program">Body of a shell script that stands for the training program; null for the real one.</param>
    /// <param name="slots">Slots of the worker.</param>
    /// <param name="grace">How long a program may take to leave.</param>
    /// <param name="folder">Folder of an earlier node to go on from.</param>
    /// <param name="bubblewrap">The program that makes sandboxes; null: the system's.</param>
    /// <param name="unsafeUserCode">Whether user code runs without a sandbox.</param>
    public static async Task<TrainingNode> StartAsync(string? program = null, int slots = 1, TimeSpan? grace = null, string? folder = null, string? bubblewrap = null, bool unsafeUserCode = false)
    {
        var node = new TrainingNode(folder ?? Directory.CreateTempSubdirectory("odl-test-").FullName, folder is null);
        node._app = await InProcess.StartAsync(InProcess.Options(node.Folder, worker: true) with { Slots = slots, UnsafeUserCode = unsafeUserCode }, services =>
            services.Configure<TrainerOptions>(options =>
            {
                options.Grace = grace ?? options.Grace;
                options.Bubblewrap = bubblewrap;
                options.Program = program is null ? null : node.WriteScript(program);
            }));
        return node;
    }

    /// <summary>Puts a CSV file into the project as the newest version of a dataset.</summary>
    public async Task<string> AddTableAsync(string name, string csv, string project = Project)
    {
        var dataset = await Grains.GetGrain<IDatasetsGrain>(project).CreateAsync(
            Guid.CreateVersion7(), new DatasetSpec { Name = name, Kind = DatasetKind.Table });
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(csv));
        await Services.GetRequiredService<DatasetUploads>().CommitAsync(
            dataset,
            Guid.CreateVersion7(),
            new() { Message = "", Tags = [], Format = IngestFormats.Csv, Header = HeaderMode.Yes, Replace = false, Author = "test", Path = "data.csv" },
            bytes,
            CancellationToken.None);
        return name;
    }

    public async Task<TrainingRun> CreateAsync(TrainingSpec spec, string project = Project) =>
        await Grains.GetGrain<ITrainingRunsGrain>(project).CreateAsync(Guid.CreateVersion7(), spec);

    public Task<TrainingRun> EndedAsync(Guid run) =>
        UntilAsync(run, r => r.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled);

    public async Task<TrainingRun> UntilAsync(Guid run, Func<TrainingRun, bool> condition)
    {
        var grain = Grains.GetGrain<ITrainingRunGrain>(run);
        return await UntilAsync(grain.GetAsync, condition);
    }

    /// <summary>The process of a run, once it is there.</summary>
    public async Task<int> PidAsync(Guid run, int rank = 0)
    {
        var workers = await UntilAsync(
            () => Scheduler.ListWorkersAsync(), list => list.Any(w => w.Runners.Any(r => r.Run == run && r.Rank == rank && r.Pid is not null)));
        return workers.SelectMany(worker => worker.Runners).Single(runner => runner.Run == run && runner.Rank == rank).Pid!.Value;
    }

    public async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var next = Services.GetRequiredService<EventSignal>().NextAsync(Project);
            var value = await read();
            if (condition(value))
            {
                return value;
            }

            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"It did not happen. The last state was {System.Text.Json.JsonSerializer.Serialize(value, OdlJson.Options)}");
            }

            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }
    }

    /// <summary>Stops this node; the next one goes on with its folder.</summary>
    public async Task<TrainingNode> RestartAsync(string? program = null)
    {
        await StopAsync();
        return await StartAsync(program, folder: Folder);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    private string WriteScript(string body)
    {
        var path = Path.Combine(Folder, $"program-{Guid.NewGuid():N}.sh");
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return path;
    }
}
