namespace OrleansDL.Datasets.Formats;

/// <summary>A format whose files say themselves which columns and how many rows they have.</summary>
internal interface ITableFormat : IFormatReader
{
    /// <summary>Looks at a file that has come in: checks all that could make reading it harmful.</summary>
    /// <exception cref="InvalidDataException">The file is not what it is said to be.</exception>
    /// <exception cref="InvalidException">It is, and cannot be taken; the message says why.</exception>
    Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken);
}
