namespace OrleansDL.Datasets.Selection;

/// <summary>Whether a row passes the conditions of a query, and whether a share of rows takes it.</summary>
internal sealed class RowDecision
{
    private readonly SelectionPlan _plan;
    private readonly RowHash? _hash;
    private readonly double? _fraction;
    private readonly Column? _filtered;
    private readonly HashSet<string>? _include;
    private readonly HashSet<string>? _exclude;

    public RowDecision(SelectionPlan plan, RowHash? hash, double? fraction)
    {
        (_plan, _hash, _fraction) = (plan, hash, fraction);
        _filtered = plan.Schema.FirstOrDefault(column => column.Name == plan.FilteredColumn);
        _include = plan.Query.Labels?.Include?.ToHashSet(StringComparer.Ordinal);
        _exclude = plan.Query.Labels?.Exclude?.ToHashSet(StringComparer.Ordinal);
        string?[] labels = [plan.LabelColumn, plan.FilteredColumn];
        Columns = [.. labels.OfType<string>().Union(plan.Filter?.Columns ?? []).Union(hash?.Columns ?? [])];
    }

    /// <summary>What of a row must be read.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The number of the row that passed last.</summary>
    public ulong Number { get; private set; }

    public bool Passes(IRowView row, Func<string> where)
    {
        if (_include is not null || _exclude is not null)
        {
            // A row of several labels passes with any of them that is wanted, and with none that is not.
            var value = SelectionScan.TextOf(row.Get(_plan.FilteredColumn!));
            IReadOnlyList<string> labels = value is null ? [] : _filtered is null ? [value] : LabelText.Of(_filtered, value);
            if (_include?.Overlaps(labels) is false || _exclude?.Overlaps(labels) is true)
            {
                return false;
            }
        }

        if (_plan.Filter?.Takes(row, where) is false)
        {
            return false;
        }

        Number = _hash?.Of(row) ?? 0;
        return true;
    }

    /// <summary>Whether the row that passed last is in the share.</summary>
    public bool IsSampled() => _fraction is not { } fraction || fraction >= 1 || Number < (ulong)(fraction * Math.Pow(2, 64));
}
