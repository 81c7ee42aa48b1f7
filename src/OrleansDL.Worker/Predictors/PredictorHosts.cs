using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Serving;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Predictors;

/// <summary>The processes of isolated models on this worker: one for each project that has any, and one for each generation whose deployment asks for its own.</summary>
internal sealed class PredictorHosts(ReplicaFolder replicas, Isolation isolation, TroubleReports troubles, IOptions<ExecutionOptions> options, TimeProvider time, ILogger<PredictorHosts> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<PredictorHost>> _hosts = new(StringComparer.Ordinal);

    // A generation's own, with the folder of its files: they come and go with it, so that nobody looks one up.
    private readonly ConcurrentDictionary<PredictorHost, string> _own = new();
    private readonly Lazy<bool> _clean = new(static () =>
    {
        PredictorFolder.RemoveLeft();
        return true;
    });

    private long _last;

    /// <summary>The process of a project's isolated models.</summary>
    public PredictorHost Of(string project) =>
        _hosts.GetOrAdd(project, name => new Lazy<PredictorHost>(() => Create(name, FolderOf(name), HostLimits.Of(options.Value), left: null))).Value;

    /// <summary>Those that are a generation's own.</summary>
    public ICollection<PredictorHost> Own => _own.Keys;

    /// <summary>The process for a generation, and a new folder that it sees.</summary>
    public (PredictorHost Host, string Folder) PlaceOf(ReplicaSpec spec)
    {
        // A generation that was evicted may be loaded again before its old files are gone.
        var number = Interlocked.Increment(ref _last);
        var name = string.Create(CultureInfo.InvariantCulture, $"{spec.Generation}-{number}");
        if (spec.Process is not { } process)
        {
            return (Of(spec.Project), Path.Combine(FolderOf(spec.Project), name));
        }

        var models = Path.Combine(replicas.Path, "isolated", name);
        var host = Create(spec.Project, models, HostLimits.Of(process), LeaveAsync);
        _own[host] = models;
        return (host, Path.Combine(models, "model"));
    }

    /// <summary>Ends a process that is a generation's own; a project's stays.</summary>
    public async Task LeaveAsync(PredictorHost host)
    {
        if (_own.TryRemove(host, out var models))
        {
            await host.DisposeAsync();
            Directory.Delete(models, recursive: true);
        }
    }

    private string FolderOf(string project) =>
        Path.Combine(replicas.Path, "isolated", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)).AsSpan(0, 8)));

    private PredictorHost Create(string project, string models, HostLimits limits, Func<PredictorHost, Task>? left)
    {
        _ = _clean.Value;
        return new PredictorHost(project, models, limits, isolation, (model, reason) => troubles.TellAsync(model.Spec, reason), time, logger) { Left = left };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values)
        {
            await host.Value.DisposeAsync();
        }

        foreach (var host in _own.Keys)
        {
            await LeaveAsync(host);
        }
    }
}
