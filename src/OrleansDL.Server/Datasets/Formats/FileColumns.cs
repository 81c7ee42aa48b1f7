namespace OrleansDL.Datasets.Formats;

/// <summary>Columns of rows that are whole files.</summary>
internal static class FileColumns
{
    public static Column Path { get; } = new() { Name = "path", Type = ColumnType.String };

    /// <summary>A tensor without a shape: any bytes.</summary>
    public static Column Content { get; } = new() { Name = "content", Type = ColumnType.Tensor };

    public static Column Bytes { get; } = new() { Name = "bytes", Type = ColumnType.Int64 };

    public static Column Blob { get; } = new() { Name = "blob", Type = ColumnType.String };

    /// <summary>What the manifest knows of a file: reading it costs nothing.</summary>
    public static IReadOnlyList<Column> Facts { get; } = [Path, Bytes, Blob];
}
