namespace OrleansDL.Datasets.Exports;

/// <summary>Writes rows in a format, as they come.</summary>
internal interface IExportWriter
{
    string ContentType { get; }

    /// <summary>What the file's name ends with.</summary>
    string Extension { get; }

    /// <summary>Says what keeps rows of such columns from being written so, before the first byte is.</summary>
    /// <exception cref="InvalidException">The format cannot hold the columns.</exception>
    void Check(RowQuery rows);

    Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken);
}
