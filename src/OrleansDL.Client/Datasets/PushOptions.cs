namespace OrleansDL.Datasets;

/// <summary>How a folder or file becomes a new version.</summary>
public sealed record PushOptions
{
    public string Branch { get; init; } = "main";
    public string? Message { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>For a file its path within the dataset, for a folder the folder it becomes there; null: the file's name, the root.</summary>
    public string? Path { get; init; }

    /// <summary>How the files are read, for example <c>csv</c> or <c>tar</c>; null: by their names and the kind of the dataset.</summary>
    public string? Format { get; init; }

    /// <summary>CSV: whether the first line names the columns; null lets the server find out.</summary>
    public bool? Header { get; init; }

    /// <summary>Types of columns in place of those found, as <c>zip=string,age=float64,topics=labels</c>; every table that is pushed has these columns.</summary>
    public string? Types { get; init; }

    /// <summary>The split the files belong to.</summary>
    public string? Split { get; init; }

    /// <summary>Removes what the dataset has below <see cref="Path"/> and the folder does not.</summary>
    public bool Delete { get; init; }

    /// <summary>The new version holds only what is pushed.</summary>
    public bool Replace { get; init; }

    /// <summary>Only says what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Requests at a time.</summary>
    public int Connections { get; init; } = 4;
}
