using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets;

/// <summary>Commits the body of one request: it is read into the blob store, and becomes a version.</summary>
internal sealed class DatasetUploads(DatasetIngest ingest, DatasetCommits commits)
{
    /// <inheritdoc cref="DatasetCommits.CommitAsync"/>
    public async Task<(DatasetVersion Version, bool Made)> CommitAsync(
        Dataset dataset, Guid request, UploadOptions options, Stream body, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(dataset, request) is { } done)
        {
            return (done, true);
        }

        var intent = new CommitIntent
        {
            Branch = options.Branch ?? DatasetReference.Main,
            ExpectedHead = options.ExpectedHead,
            Message = options.Message,
            Tags = options.Tags,
            Author = options.Author,
            Replace = options.Replace,
        };
        var head = await commits.HeadAsync(dataset, intent);
        var path = EntryPath.Check(options.Path ?? FormattableString.Invariant($"part-{dataset.LatestVersion + 1:d6}{Extension(options.Format)}"));
        var came = await ingest.ReadAsync(
            new IngestRequest
            {
                Kind = dataset.Kind,
                Format = options.Format,
                Header = options.Header,
                Path = path,
                Types = TypeOverrides.Parse(options.Types),
                Schema = head?.Schema,
            },
            body,
            cancellationToken);
        var content = new CommitContent { Added = [came with { Uri = $"upload:{path}" }], Removed = options.Removed ?? [] };
        return await commits.CommitAsync(dataset, request, intent, content, cancellationToken);
    }

    private static string Extension(string? format) => format switch
    {
        null => "",
        IngestFormats.File => ".bin",
        _ => "." + format,
    };
}
