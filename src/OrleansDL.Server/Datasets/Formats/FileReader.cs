using System.Runtime.CompilerServices;
using System.Text;
using Apache.Arrow;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads files that are one row each: images with the label of their folder, and plain files. Content is read only where its column is asked for.</summary>
internal sealed class FileReader(BlobStore blobs) : IFormatReader
{
    // A row must be held in memory.
    private const long MaximumContent = 256L << 20;

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var entry = read.Entry;
        foreach (var builder in batch.Columns)
        {
            switch (builder.Column.Name)
            {
                case "image" or "content":
                    builder.AppendText(await ContentAsync(entry, cancellationToken));
                    break;
                case "label" when entry.Label is not null:
                    builder.AppendText(Encoding.UTF8.GetBytes(entry.Label));
                    break;
                case "path":
                    builder.AppendText(Encoding.UTF8.GetBytes(entry.Path));
                    break;
                case "bytes":
                    builder.AppendInteger(entry.Bytes);
                    break;
                case "blob":
                    builder.AppendText(Encoding.UTF8.GetBytes(entry.Blob.ToString()));
                    break;
            }
        }

        batch.EndRow();
        if (batch.Full)
        {
            yield return batch.Take();
        }
    }

    private async Task<byte[]> ContentAsync(DatasetEntry entry, CancellationToken cancellationToken) => entry.Bytes <= MaximumContent
        ? await blobs.ReadAsync(entry.Blob, cancellationToken)
        : throw new TooLargeException($"'{entry.Path}' has {entry.Bytes} bytes; as a row's content at most {MaximumContent} are read. Leave the column out, or download the file.");
}
