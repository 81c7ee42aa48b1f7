using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads rows of files of one format.</summary>
internal interface IFormatReader
{
    /// <summary>Adds the rows to the builder and hands out each batch that gets full; what is left in it at the end belongs to the next file.</summary>
    IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, CancellationToken cancellationToken);
}
