namespace OrleansDL.Datasets.Selection;

/// <summary>One row's values by column: null, bool, long, double, string or bytes.</summary>
internal interface IRowView
{
    object? Get(string column);
}
