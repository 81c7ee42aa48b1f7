using System.Formats.Tar;
using System.Text;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Shards;

namespace OrleansDL.Datasets.Exports;

/// <summary>A tar of MDS v2 shards and their <c>index.json</c>: unpacked, a folder that StreamingDataset reads. One shard at a time is in memory.</summary>
internal sealed class MdsExport : IExportWriter
{
    public string ContentType => "application/x-tar";

    public string Extension => "mds.tar";

    public void Check(RowQuery rows) => _ = Columns(rows);

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        var columns = Columns(rows);
        var index = new List<MdsIndexEntry>();
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await foreach (var shard in new MdsWriter(columns).WriteAsync(rows.Columns, rows.ReadAsync(cancellationToken), cancellationToken))
        {
            var name = MdsFormat.Name(index.Count);
            index.Add(new MdsIndexEntry { Name = name, Blob = shard.Digest(), Bytes = shard.Bytes, Samples = shard.Samples, Encodings = shard.Encodings });
            await using var content = new PulledStream(shard.Bytes, PiecesAsync(shard));
            await WriteAsync(tar, name, content, rows.Version, cancellationToken);
        }

        await using var text = new MemoryStream(Encoding.UTF8.GetBytes(MdsFormat.Index(columns, index)));
        await WriteAsync(tar, "index.json", text, rows.Version, cancellationToken);
    }

    // A file's content is bytes without a shape: to MDS as to an image.
    private static IReadOnlyList<MdsColumn> Columns(RowQuery rows) => MdsColumns.Of(
        rows.Version.Kind, [.. rows.Columns.Select(column => column == FileColumns.Content ? column with { Type = ColumnType.Image } : column)]);

    private static Task WriteAsync(TarWriter tar, string name, Stream content, DatasetVersion version, CancellationToken cancellationToken) => tar.WriteEntryAsync(
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = version.CommittedAt }, cancellationToken);

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(MdsShard shard)
    {
        await Task.CompletedTask;
        yield return shard.Head;
        yield return shard.Body;
    }
}
