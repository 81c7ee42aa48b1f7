using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Turns names in archives into paths of a dataset.</summary>
internal static class ArchivePaths
{
    /// <summary>The checked path; null for what file managers leave in archives, which is nobody's data.</summary>
    /// <exception cref="InvalidException">The name leads out of the dataset.</exception>
    public static string? Map(string name)
    {
        var path = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        if (EntryPath.Fault(path) is { } fault)
        {
            throw new InvalidException($"The archive holds '{EntryPath.Shorten(name)}', which is no path within a dataset: {fault}. Pack the files with relative paths.");
        }

        var file = path[(path.LastIndexOf('/') + 1)..];
        return path.StartsWith("__MACOSX/", StringComparison.Ordinal) || file is ".DS_Store" or "Thumbs.db" || file.StartsWith("._", StringComparison.Ordinal)
            ? null
            : path;
    }
}
