namespace OrleansDL.Data;

/// <summary>What a cell of a row holds. The numbers are part of the hash that splits rows: they never change.</summary>
internal enum CellKind : byte
{
    /// <summary>No value.</summary>
    Missing,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A number as JSON spells it.</summary>
    Number,
    True,
    False,

    /// <summary>Bytes of an image file.</summary>
    Image,

    /// <summary>Eight bytes, little-endian.</summary>
    Int64,

    /// <summary>Eight bytes, little-endian.</summary>
    Float64,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Numbers of a tensor, little-endian, row by row.</summary>
    Tensor,
}
