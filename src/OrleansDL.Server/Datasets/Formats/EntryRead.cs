namespace OrleansDL.Datasets.Formats;

/// <summary>Rows of one file that are to be read.</summary>
internal sealed record EntryRead
{
    public required DatasetVersion Version { get; init; }
    public required DatasetEntry Entry { get; init; }

    /// <summary>Counted from 0 within the file.</summary>
    public required long FirstRow { get; init; }

    /// <summary>How many; the file has them all.</summary>
    public required long Rows { get; init; }

    /// <exception cref="InvalidDataException">The file ended before the rows its entry counts.</exception>
    public InvalidDataException Short(long found) => new(
        $"'{Entry.Path}' of {Version.DatasetName}@v{Version.Version} ends after {FirstRow + found} rows; its entry says {Entry.Rows}. Its blob {Entry.Blob} is damaged, or it was read otherwise when it came in.");
}
