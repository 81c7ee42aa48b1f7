namespace OrleansDL.Serving.Repository;

/// <summary>The label files that a configuration's outputs name: one label a line, the line's number is the element's index.</summary>
internal static class Labels
{
    private const int MaximumCharacters = 1 << 20;

    /// <summary>Labels by the name of the output.</summary>
    /// <exception cref="InvalidException">A file is missing or too large.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(FolderModel folder)
    {
        var labels = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var output in folder.Config.Output.Where(output => output.LabelFilename.Length > 0))
        {
            var file = folder.Shared.FirstOrDefault(file => file.Name == output.LabelFilename)
                ?? throw new InvalidException($"output '{output.Name}' names the label file '{output.LabelFilename}', which does not lie beside the model's versions");
            using var reader = new StreamReader(file.Open());
            var buffer = new char[MaximumCharacters + 1];
            var length = reader.ReadBlock(buffer);
            if (length > MaximumCharacters)
            {
                throw new InvalidException($"the label file '{file.Name}' has more than {MaximumCharacters} characters");
            }

            var lines = new string(buffer, 0, length).Split('\n').Select(line => line.TrimEnd('\r')).ToList();
            labels[output.Name] = lines is [.., ""] ? lines[..^1] : lines;
        }

        return labels;
    }
}
