namespace OrleansDL.Data;

/// <summary>What a cell of a row holds.</summary>
internal enum CellKind : byte
{
    /// <summary>Null, or nothing between two commas.</summary>
    Missing,

    /// <summary>Text; in CSV also what may be read as a number or a truth value.</summary>
    Text,
    Number,
    True,
    False,

    /// <summary>Bytes of an image file.</summary>
    Image,
}
