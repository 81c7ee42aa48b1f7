using OrleansDL.Data;

namespace OrleansDL.Targets;

/// <summary>Reads a row's label.</summary>
internal static class LabelReader
{
    public static string Read(Row row, int cell, string column) => row.Text(cell) is { Length: > 0 } label
        ? label
        : throw new InvalidException($"{row.Where()}, column '{column}': a label was expected, not nothing. Commit the dataset without rows that have no label, or name another column as input.label.");
}
