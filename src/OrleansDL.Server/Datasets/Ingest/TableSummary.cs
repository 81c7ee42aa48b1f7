using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>What was learnt of a table while its bytes went by.</summary>
internal sealed record TableSummary
{
    public required long Rows { get; init; }
    public required bool Header { get; init; }
    public required RowIndex Index { get; init; }
    public required IReadOnlyList<Column> Columns { get; init; }
    public required IReadOnlyList<ColumnStatistics> Statistics { get; init; }

    /// <summary>A sketch of the rows; null when the format has none.</summary>
    public RowSketch? RowHashes { get; init; }
}
