namespace OrleansDL.Datasets.Formats;

/// <summary>How a value of a fixed size is written.</summary>
/// <param name="Kind">As NumPy has it: <c>b</c> bool, <c>i</c> integer, <c>u</c> without sign, <c>f</c> float, <c>S</c> bytes, <c>U</c> UTF-32; <c>T</c> for a tensor.</param>
/// <param name="Bytes">Of one value.</param>
/// <param name="BigEndian">Order of bytes.</param>
/// <param name="ElementBytes">Of one element of a tensor.</param>
internal sealed record NumberFormat(char Kind, int Bytes, bool BigEndian, int ElementBytes = 0)
{
    public ColumnType Type => Kind switch
    {
        'b' => ColumnType.Bool,
        'i' or 'u' => ColumnType.Int64,
        'f' => ColumnType.Float64,
        'T' => ColumnType.Tensor,
        _ => ColumnType.String,
    };

    /// <summary>The element's name when it can stand in a tensor, else null.</summary>
    public static string? Element(char kind, int bytes) => (kind, bytes) switch
    {
        ('u', 1) or ('b', 1) => "uint8",
        ('i', 1) => "int8",
        ('i', 2) => "int16",
        ('i', 4) => "int32",
        ('i', 8) => "int64",
        ('f', 4) => "float32",
        ('f', 8) => "float64",
        _ => null,
    };
}
