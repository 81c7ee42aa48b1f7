using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using OrleansDL.Serving;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Predictors;

/// <summary>The processes of isolated models on this worker, one for each project that has any.</summary>
internal sealed class PredictorHosts(ReplicaFolder replicas, Isolation isolation, TroubleReports troubles, TimeProvider time, ILogger<PredictorHosts> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<PredictorHost>> _hosts = new(StringComparer.Ordinal);

    public PredictorHost Of(string project)
    {
        if (_hosts.IsEmpty)
        {
            PredictorFolder.RemoveLeft();
        }

        return _hosts.GetOrAdd(project, name => new Lazy<PredictorHost>(() => new PredictorHost(name, FolderOf(name), isolation, (model, reason) => troubles.TellAsync(model.Spec, reason), time, logger))).Value;
    }

    /// <summary>Where the files of a project's isolated models lie.</summary>
    public string FolderOf(string project) =>
        Path.Combine(replicas.Path, "isolated", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)).AsSpan(0, 8)));

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values)
        {
            await host.Value.DisposeAsync();
        }
    }
}
