namespace OrleansDL.Datasets.Formats;

/// <summary>One message of an Arrow file or stream.</summary>
/// <param name="Kind">1 schema, 2 dictionary, 3 rows.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">Bytes with its frame and body.</param>
/// <param name="Rows">Rows it brings.</param>
internal readonly record struct ArrowFrame(int Kind, long Offset, long Length, long Rows);
