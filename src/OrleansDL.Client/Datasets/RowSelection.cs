namespace OrleansDL.Datasets;

/// <summary>Which columns of which rows.</summary>
public sealed record RowSelection
{
    /// <summary>Names, in the order wanted; empty takes all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>A condition over the columns, as <c>label == "cat" &amp;&amp; age &gt; 3</c>; null takes every row.</summary>
    public string? Filter { get; init; }

    /// <summary>Only rows of files of this split; null takes all.</summary>
    public string? Split { get; init; }
}
