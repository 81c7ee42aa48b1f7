namespace OrleansDL.Datasets.Validation;

/// <summary>Tells columns of categories from columns of free text and of measurements.</summary>
internal static class Categories
{
    private const int FewNumbers = 20;

    /// <summary>Strings and bools whose values repeat, and numbers of which there are at most twenty.</summary>
    public static bool AreIn(ColumnStatistics column) => column is { Values: { Count: > 0 } values } && column.Type switch
    {
        ColumnType.Bool => true,
        ColumnType.String => values.Count * 2 <= column.Count,
        ColumnType.Int64 or ColumnType.Float64 => values.Count <= FewNumbers && values.Count * 2 <= column.Count,
        _ => false,
    };
}
