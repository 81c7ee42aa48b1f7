namespace OrleansDL.Datasets.Formats;

/// <summary>Rows of one file that are to be read.</summary>
internal sealed record EntryRead
{
    /// <summary>Whose file it is, for messages: a version, or an upload.</summary>
    public required string Title { get; init; }
    public required DatasetEntry Entry { get; init; }

    /// <summary>The file of its labels, where the entry names one.</summary>
    public DatasetEntry? Labels { get; init; }

    /// <summary>Counted from 0 within the file.</summary>
    public required long FirstRow { get; init; }

    /// <summary>How many; the file has them all.</summary>
    public required long Rows { get; init; }

    /// <summary>What is thrown when the file ends before the rows its entry counts.</summary>
    public InvalidDataException Short(long found) => new(
        $"'{Entry.Path}' of {Title} ends after {FirstRow + found} rows; its entry says {Entry.Rows}. Its blob {Entry.Blob} is damaged, or it was read otherwise when it came in.");
}
