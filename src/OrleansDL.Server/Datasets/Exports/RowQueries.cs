using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Exports;

/// <summary>Makes queries of rows from what a request says.</summary>
internal sealed class RowQueries(DatasetReader reader, TimeProvider time)
{
    private const int MaximumFilter = 16 * 1024;

    /// <param name="version">The version.</param>
    /// <param name="columns">Names with commas between; null or empty takes all of <paramref name="otherwise"/>.</param>
    /// <param name="filter">A condition, see <see cref="RowFilter"/>.</param>
    /// <param name="split">Only files of this split.</param>
    /// <param name="otherwise">The columns when none are named; null is all of the schema.</param>
    /// <exception cref="InvalidException">A column is unknown, or the filter no condition on the columns.</exception>
    public RowQuery Of(DatasetVersion version, string? columns, string? filter, string? split, IReadOnlyList<string>? otherwise = null)
    {
        if (filter?.Length > MaximumFilter)
        {
            throw new InvalidException($"filter has more than {MaximumFilter} characters.");
        }

        var names = string.IsNullOrEmpty(columns) ? otherwise : columns.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new RowQuery(
            reader,
            version,
            Projection.Of(version, names),
            string.IsNullOrEmpty(filter) ? null : RowFilter.Parse(filter, Projection.Known(version)),
            string.IsNullOrEmpty(split) ? null : split,
            time);
    }
}
