namespace OrleansDL.Datasets.Selection;

/// <summary>A file that is one row, told by what its entry says: nothing of it is read, and its digest stands for its content.</summary>
internal sealed class FileRow(DatasetEntry entry) : IRowView
{
    public object? Get(string column) => column switch
    {
        "path" => entry.Path,
        "bytes" => entry.Bytes,
        "blob" or "image" or "content" => entry.Blob.ToString(),
        "label" => entry.Label,
        _ => null,
    };
}
