namespace OrleansDL.Tests.Architecture;

/// <summary>The repository's own files, as they lie in the working tree these tests were built from.</summary>
internal static class Sources
{
    public static string Root { get; } = FindRoot();

    public static string ProjectFile(string project) => Path.Combine(Root, "src", project, project + ".csproj");

    /// <summary>Every hand-written source file of a project below src, as (path relative to src, text).</summary>
    public static IEnumerable<(string Path, string Text)> Of(string project)
    {
        var source = Path.Combine(Root, "src");
        return Directory.EnumerateFiles(Path.Combine(source, project), "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(source, path).Replace('\\', '/'), Text: File.ReadAllText(path)))
            .Where(file => !file.Path.Contains("/obj/", StringComparison.Ordinal) && !file.Path.Contains("/bin/", StringComparison.Ordinal))
            .OrderBy(file => file.Path, StringComparer.Ordinal);
    }

    public static IEnumerable<string> Projects => Directory.EnumerateDirectories(Path.Combine(Root, "src"))
        .Select(path => Path.GetFileName(path)!)
        .Where(name => File.Exists(ProjectFile(name)))
        .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansDL.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds OrleansDL.sln.");
    }
}
