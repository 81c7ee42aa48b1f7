namespace OrleansDL.Datasets.Selection;

/// <summary>A file that is one row, told by what its entry says: nothing of it is read.</summary>
internal sealed class FileRow(DatasetEntry entry) : IRowView
{
    public object? Get(string column) => column switch
    {
        "path" => entry.Path,
        "bytes" => entry.Bytes,
        "blob" => entry.Blob.ToString(),
        "label" => entry.Label,
        _ => null,
    };
}
