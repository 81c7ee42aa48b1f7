namespace OrleansDL.Datasets.Ingest;

/// <summary>The rule for names of columns.</summary>
internal static class ColumnNames
{
    private const int MaximumLength = 256;

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Fault(string name) => name.Length switch
    {
        0 => "has no name. Name every column, or say header=false if the first line is a row",
        > MaximumLength => $"has a name longer than {MaximumLength} characters",
        _ => name.Any(char.IsControl) ? "has a name with a control character" : null,
    };
}
