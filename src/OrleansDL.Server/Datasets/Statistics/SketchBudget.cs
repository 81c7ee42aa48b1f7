namespace OrleansDL.Datasets.Statistics;

/// <summary>Bounds the memory that one file's sketches of many-valued columns may take (some 170 KB each): a table may have thousands of columns.</summary>
internal sealed class SketchBudget(int columns = SketchBudget.DefaultColumns)
{
    public const int DefaultColumns = 1024;

    private int _left = columns;

    /// <summary>False when as many columns as may have one have a sketch.</summary>
    public bool TryTake() => _left-- > 0;
}
