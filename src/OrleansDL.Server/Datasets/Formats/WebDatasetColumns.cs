namespace OrleansDL.Datasets.Formats;

/// <summary>Which column a file of a WebDataset sample goes into: <c>.jpg</c>, <c>.png</c> ... are <c>image</c>, <c>.cls</c> is <c>label</c>, texts keep their extension's name.</summary>
internal static class WebDatasetColumns
{
    public const string Key = "key";
    public const string Label = "label";
    public const string Image = "image";
    public const string Class = "cls";

    private static readonly string[] Images = ["jpg", "jpeg", "png", "gif", "bmp", "webp"];
    private static readonly string[] Texts = ["txt", "text", "json", "caption", "transcript", Class];

    /// <exception cref="InvalidException">Such files are not read.</exception>
    public static Column Of(string extension)
    {
        var last = extension[(extension.LastIndexOf('.') + 1)..];
        if (Images.Contains(last, StringComparer.Ordinal))
        {
            return new Column { Name = last == extension ? Image : extension[..^(last.Length + 1)], Type = ColumnType.Image };
        }

        return IsText(last)
            ? new Column { Name = extension == Class ? Label : extension, Type = ColumnType.String }
            : throw new InvalidException(
                $"Files '.{extension}' of a WebDataset are not read; images (.{string.Join(", .", Images)}) and texts (.{string.Join(", .", Texts)}) are. Leave them out, or commit the tar to a dataset of kind files.");
    }

    /// <summary>Whether a column of texts can be written as a file of its own.</summary>
    public static bool IsText(string extension) => Texts.Contains(extension, StringComparer.Ordinal);
}
