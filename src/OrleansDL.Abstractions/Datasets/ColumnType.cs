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

    /// <summary>Numbers of a fixed shape; <see cref="Column.Tensor"/> says which.</summary>
    Tensor = 5,
}
