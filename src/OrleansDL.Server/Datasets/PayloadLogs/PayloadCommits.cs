using System.Globalization;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Uploads;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Serving;

namespace OrleansDL.Datasets.PayloadLogs;

/// <summary>Commits logged requests and answers as a file of the dataset, with the generations that answered as its origin.</summary>
internal sealed class PayloadCommits(BlobStore blobs, ProjectBlobs projects, UploadCommits commits, LineageLog lineage, IGrainFactory grains) : IPayloadCommits
{
    private const string Author = "payload-log";
    private static readonly TimeSpan Lease = TimeSpan.FromDays(1);

    public async Task CommitAsync(PayloadBatch batch, CancellationToken cancellationToken)
    {
        var dataset = await grains.GetGrain<IDatasetsGrain>(batch.Project).GetAsync(batch.Dataset);
        var owner = $"payload-log:{batch.Id}";
        var blob = await blobs.PutAsync(batch.Lines, cancellationToken);
        await blobs.LeaseAsync(owner, [blob.Blob], Lease, cancellationToken);
        await projects.AddAsync(batch.Project, [blob.Blob], cancellationToken);
        var file = new NewFile
        {
            Line = new UploadCommitLine
            {
                Add = string.Create(CultureInfo.InvariantCulture, $"payloads/{batch.Begun.UtcDateTime:yyyy-MM-dd}/{batch.Id:N}.jsonl"),
                Blob = blob.Blob,
                Format = "jsonl",
            },
            Uri = owner,
            Bytes = blob.Bytes,
            FetchedAt = batch.Begun,
        };
        var head = new UploadCommitHead { Message = string.Create(CultureInfo.InvariantCulture, $"{batch.Rows} requests and their answers") };
        var (version, _) = await commits.CommitAsync(dataset, batch.Id, head, [file], [], null, owner, Author, cancellationToken);
        var target = DatasetLineage.NodeId(version.Commit);
        await lineage.RecordAsync(batch.Project, [], batch.AnsweredBy.Select(generation => new LineageEdge
        {
            Source = string.Create(CultureInfo.InvariantCulture, $"generation:{generation}"),
            Target = target,
            Role = "logged-by",
            Time = version.CommittedAt,
        }));
        await blobs.UnreferAsync(owner);
    }
}
