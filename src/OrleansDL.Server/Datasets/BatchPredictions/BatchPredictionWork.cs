using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Uploads;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Projects;
using OrleansDL.Serving;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>Asks a deployment about all rows of a version, part by part, and commits the answers. It may be killed anywhere and begun again: a part that is
/// written down is not asked again, and the commit is made once.</summary>
internal sealed class BatchPredictionWork(
    BatchPredictionTable table, DatasetReader reader, BlobStore blobs, ProjectBlobs projects, UploadCommits commits, LineageLog lineage, NameTable names,
    IGrainFactory grains, IOptions<BatchPredictionOptions> options, TimeProvider time)
{
    private const int RequestBytes = 1 << 20;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lease = TimeSpan.FromDays(7);

    /// <summary>Who needs the parts until they are committed.</summary>
    public static string Owner(Guid prediction) => $"batch-prediction:{prediction}";

    public async Task<DatasetVersion> RunAsync(BatchPrediction prediction, long attempt, CancellationToken cancellationToken)
    {
        var version = await grains.GetGrain<IDatasetsGrain>(prediction.Project).ResolveAsync($"{prediction.Dataset}@{prediction.Commit}");
        var width = await WidthAsync(prediction);
        var done = (await table.PartsAsync(prediction.Id)).Select(part => part.Ordinal).ToHashSet();
        for (long ordinal = 0; ordinal * prediction.PartRows < prediction.Rows; ordinal++)
        {
            if (done.Contains(ordinal))
            {
                continue;
            }

            var part = await AnswerAsync(prediction, version, ordinal, width, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (!await table.AddPartAsync(prediction.Id, attempt, part))
            {
                throw new OperationCanceledException("Another attempt works on it, or it is over.");
            }
        }

        return await CommitAsync(prediction, version, cancellationToken);
    }

    private async Task<BatchPredictionPart> AnswerAsync(BatchPrediction prediction, DatasetVersion version, long ordinal, int width, CancellationToken cancellationToken)
    {
        var spec = prediction.Spec;
        var columns = Projection.Of(version, null).Columns;
        var kept = Projection.Of(version, spec.Keep).Columns;
        var keptAt = kept.Select(column => columns.Index().First(known => known.Item.Name == column.Name).Index).ToList();
        var lines = new AnswerLines(kept, spec.Top);
        var first = ordinal * prediction.PartRows;
        var rows = Math.Min(prediction.PartRows, prediction.Rows - first);

        // Asked side by side, written in order.
        var asked = new Queue<(long First, List<object?[]> Kept, Task<Prediction> Answer)>();
        using var request = new RequestRows(columns);
        var (values, at) = (new List<object?[]>(), first);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var batch in reader.ReadAsync(version, first, rows, cancellationToken: cancellationToken))
            {
                for (var row = 0; row < batch.Length; row++)
                {
                    try
                    {
                        request.Add(batch, row);
                    }
                    catch (InvalidException e)
                    {
                        throw new InvalidException($"Row {at + request.Count - 1} of {version.DatasetName}@v{version.Version}: {e.Message}.");
                    }

                    values.Add(lines.Keep(batch, row, keptAt));
                    if (request.Count == options.Value.RequestRows || request.Bytes >= RequestBytes)
                    {
                        await SendAsync();
                    }
                }
            }

            if (request.Count > 0)
            {
                await SendAsync();
            }

            while (asked.Count > 0)
            {
                await TakeAsync();
            }
        }
        catch
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(asked.Select(one => one.Answer))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        var blob = await blobs.PutAsync(lines.Written, cancellationToken);
        await blobs.LeaseAsync(Owner(prediction.Id), [blob.Blob], Lease, cancellationToken);
        await projects.AddAsync(prediction.Project, [blob.Blob], cancellationToken);
        return new BatchPredictionPart { Ordinal = ordinal, Rows = rows, Sha256 = blob.Blob.Hex, Bytes = blob.Bytes, Models = JsonSerializer.Serialize(lines.Models) };

        async Task SendAsync()
        {
            if (asked.Count == width)
            {
                await TakeAsync();
            }

            asked.Enqueue((at, values, AskAsync(prediction, version, at, request.Count, request.Take(), stop.Token)));
            at += values.Count;
            values = [];
        }

        async Task TakeAsync()
        {
            var (row, some, answer) = asked.Peek();
            lines.Add(row, some, await answer);
            asked.Dequeue();
        }
    }

    /// <summary>Requests under way at a time: enough for every replica to have one and the next.</summary>
    private async Task<int> WidthAsync(BatchPrediction prediction)
    {
        var deployment = await grains.GetGrain<IDeploymentsGrain>(prediction.Project).GetAsync(prediction.Spec.Deployment);
        return Math.Max(options.Value.Parallel, 2 * Math.Max(deployment.Replicas, deployment.Residency?.MaximumReplicas ?? 1));
    }

    /// <summary>One request. A deployment that is being loaded or has no room, or whose worker or process was lost, is waited for.</summary>
    private async Task<Prediction> AskAsync(
        BatchPrediction prediction, DatasetVersion version, long first, int count, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        var deployments = grains.GetGrain<IDeploymentsGrain>(prediction.Project);
        var (begun, pause) = (time.GetTimestamp(), FirstPause);
        while (true)
        {
            try
            {
                return await deployments.PredictAsync(prediction.Spec.Deployment, new PredictRequest { Rows = rows, Top = prediction.Spec.Top }).WaitAsync(cancellationToken);
            }
            catch (Exception e) when (e is NoCapacityException or OverloadedException or TimeoutException or Orleans.Runtime.OrleansException && time.GetElapsedTime(begun) < options.Value.Patience)
            {
                await Task.Delay(pause, time, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (InvalidException e)
            {
                throw new InvalidException($"Rows {first} to {first + count - 1} of {version.DatasetName}@v{version.Version} were refused by deployment '{prediction.Spec.Deployment}': {e.Message}");
            }
        }
    }

    private async Task<DatasetVersion> CommitAsync(BatchPrediction prediction, DatasetVersion input, CancellationToken cancellationToken)
    {
        var spec = prediction.Spec;
        var parts = await table.PartsAsync(prediction.Id);
        var output = await grains.GetGrain<IDatasetGrain>(prediction.Output).GetAsync();
        var models = parts.SelectMany(part => JsonSerializer.Deserialize<string[]>(part.Models)!).Distinct(StringComparer.Ordinal).ToList();
        var head = new UploadCommitHead
        {
            Branch = spec.Branch,
            Message = spec.Message ?? $"{input.DatasetName}@v{input.Version} predicted by {spec.Deployment} ({string.Join(", ", models)})",
            Replace = !spec.Append,
        };
        var files = parts.Select(part => new NewFile
        {
            Line = new UploadCommitLine
            {
                Add = FormattableString.Invariant($"predictions/{prediction.Id:N}/{part.Ordinal:d6}.jsonl"),
                Blob = BlobId.Parse(part.Sha256),
                Format = "jsonl",
            },
            Uri = $"batch-prediction:{prediction.Id}/{part.Ordinal}",
            Bytes = part.Bytes,
            FetchedAt = prediction.CreatedAt,
        }).ToList();
        var (version, _) = await commits.CommitAsync(output, prediction.Id, head, files, [], null, Owner(prediction.Id), prediction.Author, cancellationToken);
        await RecordAsync(prediction, input, version, models);
        return version;
    }

    private async Task RecordAsync(BatchPrediction prediction, DatasetVersion input, DatasetVersion output, List<string> models)
    {
        var target = DatasetLineage.NodeId(output.Commit);
        var edges = new List<LineageEdge>
        {
            new() { Source = DatasetLineage.NodeId(input.Commit), Target = target, Role = "predicted-from", Time = output.CommittedAt },
        };
        foreach (var model in models)
        {
            var at = model.LastIndexOf('@');
            if (await IdAsync(prediction.Project, ThingKind.Model, model[..at]) is { } id)
            {
                edges.Add(new LineageEdge { Source = $"model-version:{id}/{model[(at + 1)..]}", Target = target, Role = "predicted-by", Time = output.CommittedAt });
            }
        }

        if (await IdAsync(prediction.Project, ThingKind.Deployment, prediction.Spec.Deployment) is { } deployment)
        {
            edges.Add(new LineageEdge { Source = $"deployment:{deployment}", Target = target, Role = "predicted-by", Time = output.CommittedAt });
        }

        await lineage.RecordAsync(prediction.Project, [], edges);
    }

    // What was deleted meanwhile has no name any more.
    private async Task<Guid?> IdAsync(string project, ThingKind kind, string name)
    {
        try
        {
            return await names.ResolveAsync(project, kind, name);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }
}
