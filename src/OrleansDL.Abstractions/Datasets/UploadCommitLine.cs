namespace OrleansDL.Datasets;

/// <summary>One further line of a commit of uploaded files: a file to add (or to replace), or a path to remove.</summary>
public sealed record UploadCommitLine
{
    /// <summary>Path of the file to add; one that is there is replaced.</summary>
    public string? Add { get; init; }

    /// <summary>Its bytes, uploaded to this project before.</summary>
    public BlobId? Blob { get; init; }

    /// <summary>How it is read; null: by its name and the kind of the dataset. <c>tar</c> and <c>zip</c> are unpacked.</summary>
    public string? Format { get; init; }

    /// <summary>CSV: whether the first line names the columns; null: found out.</summary>
    public bool? Header { get; init; }

    /// <summary>Images: the label; null: the folder's name.</summary>
    public string? Label { get; init; }

    /// <summary>The split the file belongs to.</summary>
    public string? Split { get; init; }

    /// <summary>Types of this table's columns, in place of the head's.</summary>
    public string? Types { get; init; }

    /// <summary>Path to remove; <c>folder/</c> removes everything below it.</summary>
    public string? Remove { get; init; }
}
