namespace OrleansDL.Inference;

/// <summary>What a raw row of a model is.</summary>
public enum RowKind
{
    /// <summary>A row of named columns, as a JSON array or object.</summary>
    Row,

    /// <summary>An image file, or its pixels as JSON.</summary>
    Image,

    /// <summary>A text.</summary>
    Text,
}
