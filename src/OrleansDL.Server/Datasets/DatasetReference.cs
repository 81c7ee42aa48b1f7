namespace OrleansDL.Datasets;

/// <summary>Names a dataset and one of its versions: <c>name</c>, <c>name@latest</c>, <c>name@v3</c>, <c>name@BRANCH</c>, <c>name@TAG</c>, <c>name@sha256:...</c>.</summary>
internal readonly record struct DatasetReference(string Dataset, string Version)
{
    /// <summary>The head of branch <see cref="Main"/>.</summary>
    public const string Latest = "latest";
    public const string Main = "main";

    /// <exception cref="InvalidException">The text is no reference.</exception>
    public static DatasetReference Parse(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var reference = at < 0 ? new DatasetReference(text, Latest) : new DatasetReference(text[..at], text[(at + 1)..]);
        return reference.Dataset.Length > 0 && reference.Version.Length > 0
            ? reference
            : throw new InvalidException($"'{text}' names no version of a dataset. Use name, name@v3, name@BRANCH, name@TAG or name@sha256:...");
    }

    /// <summary>The number in <c>v3</c>.</summary>
    public static long? Number(string version) =>
        version.Length > 1 && version[0] == 'v' && version.Skip(1).All(char.IsAsciiDigit) && long.TryParse(version.AsSpan(1), out var number) ? number : null;

    /// <exception cref="InvalidException">The tag breaks the rule of names, or could be taken for another kind of reference.</exception>
    public static string CheckTag(string tag) => tag == Main ? throw Taken(tag, "tag") : Check(tag, "tag");

    /// <exception cref="InvalidException">The branch breaks the rule of names, or could be taken for another kind of reference.</exception>
    public static string CheckBranch(string branch) => Check(branch, "branch");

    /// <exception cref="GoneException">The version's bytes are gone.</exception>
    public static DatasetVersion CheckThere(DatasetVersion version) => version.Gone is null
        ? version
        : throw new GoneException($"{version.DatasetName}@v{version.Version} was {version.Gone} Its lineage and figures are kept; choose another version.");

    private static string Check(string name, string kind)
    {
        Names.Check(name, kind);
        return name == Latest || Number(name) is not null || BlobId.TryParse(name, out _) ? throw Taken(name, kind) : name;
    }

    private static InvalidException Taken(string name, string kind) =>
        new($"'{name}' cannot be a {kind}: it already names a version. Choose a word such as 'golden'.");
}
