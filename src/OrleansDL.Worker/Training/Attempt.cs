using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Datasets;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>One attempt on this worker: its files, its process, what it says, and how it ends.</summary>
internal sealed partial class Attempt
{
    private const long MaximumMetrics = 1 << 20;
    private const int StoredAtOnce = 8;
    private static readonly TimeSpan StacksPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ManagedStacksPatience = TimeSpan.FromSeconds(10);

    private readonly TrainerAssignment _assignment;
    private readonly AttemptFolder _folder;
    private readonly BlobStore _blobs;
    private readonly RunShards _shards;
    private readonly CodeRuns _code;
    private readonly RunnerPool _runners;
    private readonly IGrainFactory _grains;
    private readonly TrainerOptions _options;
    private readonly string _device;
    private readonly string? _advertise;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly HangWatch? _hangs;
    private readonly long _kernelKills = ProgramEnd.KernelKills();
    private RunnerSocket? _socket;
    private IRunningProgram? _process;
    private bool _cancelled;
    private volatile bool _stopping;
    private volatile bool _hung;

    /// <param name="assignment">What is run.</param>
    /// <param name="folder">Where its files go.</param>
    /// <param name="device">The worker's device.</param>
    /// <param name="advertise">Where ranks on other workers reach this one; null: only on this machine.</param>
    /// <param name="blobs">The blob store.</param>
    /// <param name="shards">Brings the dataset's shards.</param>
    /// <param name="code">Runs user code.</param>
    /// <param name="runners">Starts the program.</param>
    /// <param name="grains">The cluster.</param>
    /// <param name="options">How programs are treated.</param>
    /// <param name="time">The time.</param>
    /// <param name="logger">The log.</param>
    public Attempt(
        TrainerAssignment assignment, AttemptFolder folder, string device, string? advertise, BlobStore blobs, RunShards shards, CodeRuns code, RunnerPool runners,
        IGrainFactory grains, TrainerOptions options, TimeProvider time, ILogger logger)
    {
        _assignment = assignment;
        _folder = folder;
        _device = device;
        _advertise = assignment.Workers?.Distinct().Count() > 1 ? advertise : null;
        _blobs = blobs;
        _shards = shards;
        _code = code;
        _runners = runners;
        _grains = grains;
        _options = options;
        _time = time;
        _logger = logger;

        // The ranks of a run go step by step together, and rank 0 tells of them all.
        _hangs = assignment.Rank == 0 && HangWatch.LimitOf(assignment.Spec, IsBuiltIn) is { } limit ? new HangWatch(limit, time) : null;
    }

    public Guid Run => _assignment.Run;

    private bool IsCode => _assignment.Spec.Program is TrainingProgram.Code;

    /// <summary>The built-in trainers read shards, user code what it asks for; any other program is given the files as they were committed.</summary>
    private bool ReadsShards => IsCode ? _assignment.Spec.Code!.Data == "shards" : _options.Program is null;

    private bool IsBuiltIn => _options.Program is null && !IsCode;

    private string DataFolder => IsCode && ReadsShards ? _folder.Shards : _folder.Data;

    public int Number => _assignment.Attempt;

    /// <summary>Place among the workers that train the run together, from 0.</summary>
    public int Rank => _assignment.Rank;

    public RunnerInfo Info => new() { Run = Run, Attempt = Number, Pid = _process?.Pid, Rank = Rank };

    /// <summary>Called when there is a process, and when there is none any more.</summary>
    public Action OnChange { get; init; } = () => { };

    /// <summary>Runs the attempt to its end, and until the run knows of it.</summary>
    public async Task RunAsync()
    {
        var relay = new ReportRelay(
            _grains.GetGrain<ITrainingRunGrain>(Run), _assignment, _blobs, _options.ControlAway, onFenced: Kill, onAway: () => Stop(cancel: false),
            _time, _logger);
        var outcome = await RunToOutcomeAsync(relay);
        LogEnded(Run, Number, outcome.Kind, outcome.Reason);
        await relay.FinishAsync(outcome);
        _folder.Delete();
    }

    /// <summary>Tells the program to leave within the grace time.</summary>
    /// <param name="cancel">Whether the run is not to go on elsewhere.</param>
    public void Stop(bool cancel)
    {
        IRunningProgram? process;
        lock (_lock)
        {
            _cancelled |= cancel;
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            process = _process;
        }

        _socket?.Tell(RunnerCommand.Stop);
        if (process is not null)
        {
            _ = process.StopAsync(IsCode ? TimeSpan.FromSeconds(_assignment.Spec.Code!.GraceSeconds) : _options.Grace);
        }
    }

    /// <summary>Ends the program at once: it has no right to go on.</summary>
    public void Kill()
    {
        IRunningProgram? process;
        lock (_lock)
        {
            _stopping = true;
            process = _process;
        }

        process?.Kill();
    }

    private async Task<RunOutcome> RunToOutcomeAsync(ReportRelay relay)
    {
        try
        {
            await PrepareAsync(relay);
            var gate = new ReportGate(_time);
            var log = new RunnerLog();
            var meeting = _assignment.Workers is null ? null : new RankMeeting(_grains.GetGrain<ITrainingRunGrain>(Run), _assignment, Kill, _time);
            Redaction? secrets = null;
            await using var socket = await RunnerSocket.OpenAsync(
                Number, IsCode, report => TakeReportAsync(relay, IsCode ? gate.Take(report, line => log.Take(secrets?.Of(line) ?? line, error: false)) : report), checkpoint => TakeCheckpointAsync(relay, checkpoint), _time, meeting);
            _socket = socket;
            await using var sandbox = IsCode ? await _code.OpenAsync(_assignment, _folder, DataFolder, socket.Path, _device) : null;
            secrets = sandbox?.Redaction;
            await using var process = Start(relay, socket, sandbox);
            await relay.LogAsync(
                $"Attempt {Number} runs as process {process.Pid} on {_device}, from step {_assignment.ResumeFrom?.Step ?? 0}{(_assignment.Workers is { } workers ? $", rank {Rank} of {workers.Count}" : "")}.");
            OnChange();
            using var over = new CancellationTokenSource();
            _ = EndHungAsync(process, relay, over.Token);
            var exitCode = await process.WaitAsync();
            await over.CancelAsync();
            return sandbox is not null && await sandbox.BrokenAsync(exitCode) is { } broken && !_cancelled && !_hung
                ? Outcome(RunOutcomeKind.Failed, broken)
                : await ConcludeAsync(process, exitCode);
        }
        catch (OperationCanceledException) when (_stopping)
        {
            return Outcome(_cancelled ? RunOutcomeKind.Stopped : RunOutcomeKind.Lost, "It was stopped before its program started.");
        }
        catch (OrleansDLException e) when (e is not NoCapacityException)
        {
            return Outcome(RunOutcomeKind.Failed, e.Message);
        }
        catch (Exception e)
        {
            LogBroken(Run, Number, e);
            return Outcome(RunOutcomeKind.Lost, $"The worker could not run it: {e.Message}");
        }
        finally
        {
            lock (_lock)
            {
                _process = null;
                _socket = null;
            }

            OnChange();
        }
    }

    private IRunningProgram Start(ReportRelay relay, RunnerSocket socket, CodeSandbox? sandbox)
    {
        lock (_lock)
        {
            ThrowIfStopping();
            var launch = new RunnerLaunch
            {
                Run = Run,
                Attempt = Number,
                Folder = _folder,
                Socket = socket.Path,
                Device = _device,
                Threads = _assignment.Spec.Threads,
                Rank = Rank,
                WorldSize = _assignment.Workers?.Count ?? 1,
                Advertise = _advertise,
                Program = _options.Program ?? RunnerLaunch.BuiltIn,
                Sandbox = sandbox,
            };
            return _process = _runners.Start(launch, _assignment.Project, relay.LogAsync);
        }
    }

    private async Task PrepareAsync(ReportRelay relay)
    {
        _folder.Create();

        var paths = IsCode ? await _code.PathsAsync(_folder, DataFolder) : null;
        if (_assignment.Code is { } code)
        {
            await _code.FillAsync(_folder, code, ThrowIfStopping);
        }

        var files = ReadsShards ? [] : await MaterialiseAsync();
        var shards = ReadsShards ? await _shards.PrepareAsync(_assignment, _folder.Shards, relay.LogAsync, ThrowIfStopping) : null;
        foreach (var (name, file) in _assignment.Model ?? new Dictionary<string, BlobRef>())
        {
            await LinkAsync(_folder.Model, name, file.Blob);
        }

        if (_assignment.ResumeFrom is { } checkpoint)
        {
            await LinkAsync(_folder.Checkpoints, Path.GetFileName(_folder.FirstCheckpoint), checkpoint.Blob);
        }

        var dataset = _assignment.Dataset;
        await using var spec = File.Create(_folder.Spec);
        await JsonSerializer.SerializeAsync(
            spec,
            new RunnerAssignment
            {
                Run = Run,
                Attempt = Number,
                Spec = _assignment.Spec,
                DatasetName = dataset.DatasetName,
                DatasetVersion = dataset.Version,
                DatasetCommit = dataset.Commit,
                DatasetContent = dataset.Content,
                DatasetKind = dataset.Kind,
                Schema = dataset.Schema,
                Files = files,
                ModelDirectory = _assignment.Model is null ? null : _folder.Model,
                Labels = await LabelsAsync(),
                ShardDirectory = shards is null ? null : paths?.Data ?? _folder.Shards,
                Shards = shards,
                GangSecret = _assignment.GangSecret,
            },
            OdlJson.Options);
    }

    /// <summary>The labels in the order of their ids. A column that is not there is the program's to refuse.</summary>
    private async Task<IReadOnlyList<string>?> LabelsAsync()
    {
        var dataset = _assignment.Dataset;
        var column = _assignment.Spec.Input?.Label ?? (dataset.Schema is [.., var last] ? last.Name : null);
        return _assignment.Spec.Program is TrainingProgram.Train && dataset.Schema.Any(found => found.Name == column)
            ? (await _grains.GetGrain<ISelectionsGrain>(_assignment.Project).GetLabelsAsync($"{dataset.Dataset}@{dataset.Commit}", column)).Labels
            : null;
    }

    // The dataset version is a folder of links: nothing is copied, and the run keeps what it links to.
    private async Task<IReadOnlyList<DatasetEntry>> MaterialiseAsync()
    {
        var files = new List<DatasetEntry>();
        var datasets = _grains.GetGrain<IDatasetsGrain>(_assignment.Project);
        var page = new PageRequest { Size = PageRequest.MaximumSize };
        do
        {
            ThrowIfStopping();
            var found = await datasets.ListFilesAsync($"{_assignment.Dataset.Dataset}@{_assignment.Dataset.Commit}", page);
            foreach (var file in found.Items)
            {
                await LinkAsync(_folder.Data, file.Path, file.Blob);
            }

            files.AddRange(found.Items);
            page = page with { Token = found.NextPageToken };
        }
        while (page.Token is not null);
        return files;
    }

    private async Task LinkAsync(string folder, string path, BlobId blob)
    {
        var link = Path.GetFullPath(Path.Combine(folder, path));
        if (!link.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new InvalidException($"The file path '{path}' leaves its folder. Commit the dataset again with a path below it.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        try
        {
            await _blobs.LinkAsync(blob, link);
        }
        catch (NotFoundException)
        {
            throw new NotFoundException(
                $"The blob store has no blob {blob} ('{path}'). A worker must see the same blob store as the server: check --blobs.");
        }
    }

    private ValueTask TakeReportAsync(ReportRelay relay, RunReport report)
    {
        if (report.Progress is not null || report.Metrics.Count > 0)
        {
            _hangs?.Progressed();
        }

        return relay.ReportAsync(report);
    }

    /// <summary>Ends a process that makes no progress for its limit, and keeps what its threads were doing.</summary>
    private async Task EndHungAsync(IRunningProgram process, ReportRelay relay, CancellationToken over)
    {
        if (_hangs is null)
        {
            return;
        }

        _hangs.Progressed();
        await _hangs.HangsAsync(over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (over.IsCancellationRequested || _stopping)
        {
            return;
        }

        _hung = true;
        foreach (var line in ThreadDump.Of(process.Pid))
        {
            await relay.LogAsync(line);
        }

        if (IsCode || IsBuiltIn)
        {
            // odl_train.py answers with the stacks of all threads, a .NET process does and leaves; whoever does neither is ended all the same.
            process.AskForStacks();
            await Task.Delay(
                IsCode && _assignment.Spec.Code!.Assembly is null ? StacksPatience : ManagedStacksPatience, _time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!over.IsCancellationRequested)
        {
            process.Kill();
        }
    }

    private async ValueTask TakeCheckpointAsync(ReportRelay relay, CheckpointReady checkpoint)
    {
        // The path comes from a program that is not trusted to name any file of this machine.
        _hangs?.Progressed();
        var name = checkpoint.Path.StartsWith(SandboxPaths.Inside.Checkpoints + "/", StringComparison.Ordinal)
            ? checkpoint.Path[(SandboxPaths.Inside.Checkpoints.Length + 1)..]
            : checkpoint.Path;
        var path = Path.GetFullPath(Path.Combine(_folder.Checkpoints, name));
        var file = new FileInfo(path);
        if (Path.GetDirectoryName(path) != _folder.Checkpoints || !file.Exists || file.LinkTarget is not null)
        {
            await relay.LogAsync($"The checkpoint at step {checkpoint.Step} is no file in ODL_CHECKPOINT_DIR, and was not taken.");
            return;
        }

        // Taken at once, under a name the program does not know: it removes its own when it has written the next.
        var taken = Path.Combine(_folder.Root, string.Create(CultureInfo.InvariantCulture, $"checkpoint-{checkpoint.Step}"));
        File.Move(path, taken, overwrite: true);
        if (FileFacts.Of(taken) is not { IsFile: true })
        {
            // Exchanged between the two looks.
            File.Delete(taken);
            return;
        }

        await relay.CheckpointAsync(checkpoint with { Path = taken });
    }

    private async Task<RunOutcome> ConcludeAsync(IRunningProgram process, int exitCode)
    {
        if (exitCode == 0 && !_cancelled)
        {
            return await CollectAsync();
        }

        if (_cancelled)
        {
            return Outcome(RunOutcomeKind.Stopped, "It was stopped.");
        }

        if (_stopping)
        {
            return Outcome(RunOutcomeKind.Lost, "Its worker stopped it.");
        }

        if (_hung)
        {
            return Outcome(
                RunOutcomeKind.Hung,
                $"It made no progress for {HangWatch.LimitOf(_assignment.Spec, IsBuiltIn)!.Value.TotalSeconds:0.#} seconds and was killed; what its threads were doing is in its log.");
        }

        var kind = ProgramEnd.KindOf(exitCode, process.Reason(exitCode), ProgramEnd.KernelKills() > _kernelKills);
        return Outcome(kind, kind switch
        {
            RunOutcomeKind.Lost when exitCode > 128 => $"The program's process was ended by signal {exitCode - 128}.",
            RunOutcomeKind.Lost => _assignment.Workers is null ? "The program asked for another try." : process.Reason(exitCode),
            RunOutcomeKind.Crashed when exitCode > 128 => $"The program's process ended itself with signal {exitCode - 128}. {process.Reason(exitCode)}",
            _ => process.Reason(exitCode),
        });
    }

    private async Task<RunOutcome> CollectAsync()
    {
        // The disk makes them lasting together in little more time than one.
        var artifact = new ConcurrentDictionary<string, BlobRef>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(OutputFiles.List(_folder.Output), new ParallelOptions { MaxDegreeOfParallelism = StoredAtOnce }, async (path, cancel) =>
        {
            await using var file = Open(path);
            artifact[path] = await _blobs.PutAsync(file, cancel);
        });

        return new RunOutcome
        {
            Attempt = Number,
            Kind = RunOutcomeKind.Done,
            Artifact = artifact.OrderBy(file => file.Key, StringComparer.Ordinal).ToDictionary(),
            Metrics = await ReadMetricsAsync(),
            Rank = Rank,
        };
    }

    private FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(Path.Combine(_folder.Output, path));
        }
        catch (UnauthorizedAccessException)
        {
            throw new InvalidException($"It closed the file '{path}' of ODL_OUTPUT_DIR to the worker, which takes it. Leave files readable.");
        }
    }

    private async Task<IReadOnlyDictionary<string, double>> ReadMetricsAsync()
    {
        var path = Path.Combine(_folder.Output, "metrics.json");
        if (FileFacts.Of(path) is not { IsFile: true } facts)
        {
            return new Dictionary<string, double>();
        }

        if (facts.Length > MaximumMetrics)
        {
            throw new InvalidException($"The program's metrics.json has more than {MaximumMetrics} bytes. It holds the final metrics only.");
        }

        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync<Dictionary<string, double>>(file, OdlJson.Options) ?? [];
        }
        catch (JsonException e)
        {
            throw new InvalidException($"The program's metrics.json is no JSON object of numbers: {e.Message}");
        }
    }

    private void ThrowIfStopping()
    {
        if (_stopping)
        {
            throw new OperationCanceledException();
        }
    }

    private RunOutcome Outcome(RunOutcomeKind kind, string reason) => new() { Attempt = Number, Kind = kind, Reason = reason, Rank = Rank };

    [LoggerMessage(LogLevel.Information, "Attempt {Attempt} of training run {Run} ended {Kind}: {Reason}")]
    private partial void LogEnded(Guid run, int attempt, RunOutcomeKind kind, string? reason);

    [LoggerMessage(LogLevel.Error, "Attempt {Attempt} of training run {Run} could not be run; the run tries again")]
    private partial void LogBroken(Guid run, int attempt, Exception exception);
}
