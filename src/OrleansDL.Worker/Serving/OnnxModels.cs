using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Inference;
using OrleansDL.Inference.Generation;
using OrleansDL.Nodes;
using OrleansDL.Serving.Generation;
using OrleansDL.UserCode;

namespace OrleansDL.Serving;

/// <summary>Artifacts from the blob store, served by ONNX Runtime in this process.</summary>
internal sealed class OnnxModels(BlobStore blobs, ReplicaFolder replicas, RunWatch watch, IOptions<ExecutionOptions> options, TroubleReports troubles, NodeOptions node, TimeProvider time) : IReplicaModels
{
    private long _loads;

    public async Task<ILoadedReplica> LoadAsync(ReplicaSpec spec)
    {
        // A folder for each time: what was evicted may still be on its way out.
        var folder = Path.Combine(replicas.Path, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{spec.Generation}.{Interlocked.Increment(ref _loads)}"));
        Directory.CreateDirectory(folder);
        ModelSession? session = null;
        try
        {
            await LinkAsync(spec, folder);
            var limit = options.Value.LimitOf(spec);
            session = ModelSession.Load(folder, $"{spec.ModelName}@{spec.ModelVersion}", watch, limit, () => _ = troubles.TellAsync(spec, TroubleReports.TooLong(limit)), spec.Runtime, node.Device);
            var rows = RowReplica.Wanted(spec, session.Rows, session.Model);
            session.Warm();
            var scheduling = Scheduling.Of(session, spec, folder, time);
            await WarmUpRun.RunAsync(scheduling.Model, spec.WarmUps ?? [], folder);
            var generator = GenerationModel.Load(folder, session) is { } texts ? new Generator(texts, spec.Batching, time) : null;
            var replica = new ModelReplica(session, scheduling, generator, folder);
            return rows is { } kind ? new RowReplica(replica, kind, session.GivesLabel, session.Model) : replica;
        }
        catch (Exception error)
        {
            session?.Dispose();
            Directory.Delete(folder, recursive: true);
            throw error is OrleansDLException
                ? error
                : new InvalidException($"Model '{spec.ModelName}' version {spec.ModelVersion} cannot be loaded: {error.Message}");
        }
    }

    /// <summary>Lays the artifact's files into a folder, at their paths.</summary>
    /// <exception cref="OrleansDLException">One is missing, or its path leads elsewhere.</exception>
    public async Task LinkAsync(ReplicaSpec spec, string folder)
    {
        foreach (var (name, file) in spec.Artifact)
        {
            if (!CodePath.IsValid(name))
            {
                throw new InvalidException($"Model '{spec.ModelName}' version {spec.ModelVersion} has a file named '{name}'. Register it again with paths below its folder.");
            }

            if (!await blobs.ExistsAsync(file.Blob))
            {
                throw new NotFoundException($"Model '{spec.ModelName}' version {spec.ModelVersion} lacks its file '{name}': the blob store has no blob {file.Blob}.");
            }

            var link = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.Delete(link);
            await blobs.LinkAsync(file.Blob, link);
        }
    }
}
