using Microsoft.Extensions.Options;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Predictors;

/// <summary>Artifacts from the blob store: those that are trusted are served by ONNX Runtime in this process, the others in a process of their project's, or of their own.</summary>
internal sealed class IsolatedModels(OnnxModels trusted, PredictorHosts hosts, PredictorCode code, IOptions<ExecutionOptions> options, TimeProvider time) : IReplicaModels
{
    public async Task<ILoadedReplica> LoadAsync(ReplicaSpec spec)
    {
        if (!spec.Isolated)
        {
            return await trusted.LoadAsync(spec);
        }

        var (host, folder) = hosts.PlaceOf(spec);
        Directory.CreateDirectory(folder);
        var hosted = new HostedModel(spec, folder, options.Value.LimitOf(spec));
        IsolatedModel? model = null;
        try
        {
            await trusted.LinkAsync(spec, folder);
            await code.FillAsync(folder);
            SandboxFolders.Open(folder);
            await host.LoadAsync(hosted);
            model = new IsolatedModel(host, hosted);
            if (model.Signature.Decoupled is true && spec is not { Batching: null, Sequence: null })
            {
                throw new InvalidException($"Model '{model.Model}' is decoupled: each request is answered for itself, so its deployment can have neither batching nor sequences.");
            }

            var rows = RowReplica.Wanted(spec, hosted.Facts.Rows, model.Model);
            var scheduling = Scheduling.Of(model, spec, folder, time);
            await WarmUpRun.RunAsync(scheduling.Model, spec.WarmUps ?? [], folder);
            var replica = new IsolatedReplica(model, scheduling, new ArenaUse(hosted.Facts.Bytes, Reserved: 0), hosted.Facts.Labels is [] ? null : hosted.Facts.Labels, time);
            return rows is { } kind ? new RowReplica(replica, kind, hosted.Facts.GivesLabel, model.Model) : replica;
        }
        catch (Exception error)
        {
            if (model is not null)
            {
                model.Dispose();
            }
            else
            {
                Directory.Delete(folder, recursive: true);
                await hosts.LeaveAsync(host);
            }

            throw error is OrleansDLException
                ? error
                : new InvalidException($"Model '{spec.ModelName}' version {spec.ModelVersion} cannot be loaded: {error.Message}");
        }
    }
}
