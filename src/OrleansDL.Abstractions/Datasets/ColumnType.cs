namespace OrleansDL.Datasets;

/// <summary>Type of a column's values.</summary>
public enum ColumnType
{
    Bool = 0,
    Int64 = 1,
    Float64 = 2,
    String = 3,

    /// <summary>Bytes of an image file.</summary>
    Image = 4,
}
