using OrleansDL.Blobs;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>What versions are made of, read from the blob store.</summary>
internal sealed class DatasetBlobs(BlobStore blobs)
{
    public ManifestStore Manifests { get; } = new(
        async (id, cancellationToken) => await blobs.ReadAsync(id, cancellationToken),
        async (bytes, cancellationToken) => (await blobs.PutAsync(bytes, cancellationToken)).Blob,
        verified: true);

    public async Task<IReadOnlyList<ColumnStatistics>> StatisticsAsync(DatasetVersion version, CancellationToken cancellationToken = default)
    {
        var commit = CommitFormat.ReadCommit(await blobs.ReadAsync(version.Commit, cancellationToken));
        return CommitFormat.ReadStatistics(await blobs.ReadAsync(commit.Statistics, cancellationToken));
    }

    /// <summary>Statistics and row sketches of a version.</summary>
    public async Task<FileSummary> SummaryAsync(DatasetVersion version, CancellationToken cancellationToken = default)
    {
        var commit = CommitFormat.ReadCommit(await blobs.ReadAsync(version.Commit, cancellationToken));
        var document = await blobs.ReadAsync(commit.Statistics, cancellationToken);
        return new FileSummary { Columns = CommitFormat.ReadStatistics(document), Rows = CommitFormat.ReadRowSketches(document) };
    }

    /// <summary>Where every row of a version came from, in row order.</summary>
    public async Task<IReadOnlyList<DatasetSource>> OriginsAsync(DatasetVersion version, CancellationToken cancellationToken = default)
    {
        var commit = CommitFormat.ReadCommit(await blobs.ReadAsync(version.Commit, cancellationToken));
        return CommitFormat.ReadOrigins(await blobs.ReadAsync(commit.Origins, cancellationToken));
    }
}
