using OrleansDL.Blobs;
using OrleansDL.Inference;
using OrleansDL.Inference.Generation;
using OrleansDL.Nodes;
using OrleansDL.Serving.Batching;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Sequences;

namespace OrleansDL.Serving;

/// <summary>Artifacts from the blob store, served by ONNX Runtime in this process.</summary>
internal sealed class OnnxModels(BlobStore blobs, NodeOptions node, TimeProvider time) : IReplicaModels
{
    /// <summary>Where the artifacts of loaded generations lie while they are loaded.</summary>
    public string Root => Path.Combine(node.DirectoryOrDefault, "replicas", node.WorkerNameOrDefault);

    public async Task<ILoadedReplica> LoadAsync(ReplicaSpec spec)
    {
        var folder = Path.Combine(Root, spec.Generation.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        ModelSession? session = null;
        try
        {
            await LinkAsync(spec, folder);
            session = ModelSession.Load(folder, $"{spec.ModelName}@{spec.ModelVersion}", spec.Runtime);
            session.Warm();
            WarmUpRun.Run(session, spec.WarmUps ?? [], folder);
            var batcher = spec is { Batching: { } batching, Sequence: null } ? new Batcher(session, batching, time, BatchHold.OfEnvironment()) : null;
            var sequences = spec.Sequence is { } sequence ? new SequenceBatcher(new SequenceModel(session, sequence, folder), sequence, session.Model, time, BatchHold.OfEnvironment()) : null;
            var generator = GenerationModel.Load(folder, session) is { } texts ? new Generator(texts, spec.Batching, time) : null;
            return new ModelReplica(session, batcher, sequences, generator, folder);
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

    private async Task LinkAsync(ReplicaSpec spec, string folder)
    {
        foreach (var (name, file) in spec.Artifact)
        {
            if (Path.GetFileName(name) != name || name is "." or "..")
            {
                throw new InvalidException($"Model '{spec.ModelName}' version {spec.ModelVersion} has a file named '{name}'. Register it again with plain file names.");
            }

            if (!await blobs.ExistsAsync(file.Blob))
            {
                throw new NotFoundException($"Model '{spec.ModelName}' version {spec.ModelVersion} lacks its file '{name}': the blob store has no blob {file.Blob}.");
            }

            var link = Path.Combine(folder, name);
            File.Delete(link);
            await blobs.LinkAsync(file.Blob, link);
        }
    }
}
