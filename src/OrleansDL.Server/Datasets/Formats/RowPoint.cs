namespace OrleansDL.Datasets.Formats;

/// <summary>A row of a file, counted from 0, and the byte where it begins.</summary>
internal readonly record struct RowPoint(long Row, long Offset);
