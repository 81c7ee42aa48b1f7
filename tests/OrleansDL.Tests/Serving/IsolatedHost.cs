using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansDL.Nodes;
using OrleansDL.Predictors;
using OrleansDL.Serving;
using OrleansDL.Training;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Tests.Serving;

/// <summary>A process of isolated models as a worker has it, without the worker.</summary>
internal sealed class IsolatedHost : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;
    private readonly PredictorHost _host;
    private long _last;

    /// <param name="isBoxed">Whether in a sandbox, where this machine has one.</param>
    /// <param name="cgroups">Whether in a control group, where this machine has them and there is a limit.</param>
    /// <param name="limits">What it may take; null: anything.</param>
    public IsolatedHost(bool isBoxed = false, bool cgroups = false, HostLimits? limits = null)
    {
        var options = new TrainerOptions { Cgroups = cgroups, Bubblewrap = isBoxed ? null : "/nowhere/bwrap" };
        Isolation = new Isolation(new NodeOptions { UnsafeUserCode = true }, Options.Create(options), TimeProvider.System, NullLogger<Isolation>.Instance);
        _host = new PredictorHost("default", Models, limits ?? new HostLimits(null, null, ""), Isolation, ReportAsync, TimeProvider.System, NullLogger.Instance);
    }

    public Isolation Isolation { get; }

    /// <summary>Where the models' files lie, in folders by the order in which they were loaded, from 1.</summary>
    public string Models => Path.Combine(_folder, "models");

    /// <summary>What was told of each model's process.</summary>
    public ConcurrentQueue<(string Model, string Reason)> Reports { get; } = new();

    /// <summary>The runner itself, which in a sandbox is below the process that was started.</summary>
    public int Pid => ProcessTree.Of(_host.Pid!.Value).Single(IsRunner);

    public IsolatedModel Model(HostedModel hosted) => new(_host, hosted);

    /// <summary>Loads a model whose folder holds these files.</summary>
    public Task<IsolatedModel> LoadAsync(string name, double hangSeconds = 60, params (string Name, byte[] Bytes)[] files) => LoadAsync(name, hangSeconds, TimeSpan.FromMinutes(10), files);

    /// <summary>As the other, with answers that wait so long for their reader.</summary>
    public async Task<IsolatedModel> LoadAsync(string name, double hangSeconds, TimeSpan readerPatience, params (string Name, byte[] Bytes)[] files)
    {
        var generation = ++_last;
        var folder = Directory.CreateDirectory(Path.Combine(Models, generation.ToString(CultureInfo.InvariantCulture))).FullName;
        foreach (var (file, bytes) in files)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, file), bytes);
        }

        SandboxFolders.Open(folder);
        var spec = new ReplicaSpec
        {
            Deployment = Guid.Empty,
            DeploymentName = name,
            Generation = generation,
            ModelName = name,
            ModelVersion = 1,
            Artifact = new Dictionary<string, BlobRef>(),
            Project = "default",
            Isolated = true,
        };
        var hosted = new HostedModel(spec, folder, TimeSpan.FromSeconds(hangSeconds)) { ReaderPatience = readerPatience };
        await _host.LoadAsync(hosted);
        return new IsolatedModel(_host, hosted);
    }

    public Task<IsolatedModel> LoadAsync(string name, byte[] onnx, double hangSeconds = 60) => LoadAsync(name, hangSeconds, ("model.onnx", onnx));

    /// <summary>Ends the runner, whatever it is at.</summary>
    public static void Kill(int pid)
    {
        using var runner = Process.GetProcessById(pid);
        runner.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task ReportAsync(HostedModel model, string reason)
    {
        Reports.Enqueue((model.Spec.ModelName, reason));
        return Task.CompletedTask;
    }

    private static bool IsRunner(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0') is [var program, var assembly, "serve", ..] && program.EndsWith("dotnet", StringComparison.Ordinal)
                && assembly.EndsWith("OrleansDL.Runner.dll", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
