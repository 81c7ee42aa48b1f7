namespace OrleansDL.Datasets.Formats;

/// <summary>A column of a file of records of a fixed size.</summary>
internal sealed record FixedColumn(Column Column, NumberFormat Format, int Offset);
