using System.IO.Enumeration;

namespace OrleansDL.Datasets.Push;

/// <summary>A file of this machine that is to be pushed.</summary>
/// <param name="Path">Path within the dataset.</param>
/// <param name="Name">Where it lies here.</param>
/// <param name="Bytes">Its size when it was found.</param>
/// <param name="Modified">When it was last changed then.</param>
internal sealed record LocalFile(string Path, string Name, long Bytes, DateTime Modified)
{
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden, IgnoreInaccessible = false };

    /// <summary>What a push means, sorted by path. Hidden files are left out.</summary>
    /// <exception cref="NotFoundException">There is no such file or folder, or no file in it.</exception>
    public static List<LocalFile> Find(string source, string? path)
    {
        if (File.Exists(source))
        {
            var file = new FileInfo(source);
            return [new LocalFile(path ?? file.Name, file.FullName, file.Length, file.LastWriteTimeUtc)];
        }

        var folder = new DirectoryInfo(source);
        if (!folder.Exists)
        {
            throw new NotFoundException($"There is no file or folder '{source}'. Check the path.");
        }

        var prefix = Prefix(path);
        var files = new FileSystemEnumerable<LocalFile>(folder.FullName, Describe, Below) { ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory }.ToList();
        files.Sort((x, y) => PathOrder.Compare(x.Path, y.Path));
        return files.Count > 0 ? files : throw new NotFoundException($"The folder '{source}' holds no file that is not hidden. Push a folder with files.");

        LocalFile Describe(ref FileSystemEntry entry)
        {
            var within = entry.Directory[entry.RootDirectory.Length..].Trim(System.IO.Path.DirectorySeparatorChar);
            var at = within.Length == 0 ? $"{prefix}{entry.FileName}" : $"{prefix}{within}/{entry.FileName}";
            return new LocalFile(
                System.IO.Path.DirectorySeparatorChar == '/' ? at : at.Replace(System.IO.Path.DirectorySeparatorChar, '/'), entry.ToFullPath(), entry.Length, entry.LastWriteTimeUtc.UtcDateTime);
        }
    }

    public static string Prefix(string? path) => string.IsNullOrEmpty(path) ? "" : path.TrimEnd('/') + "/";

    /// <exception cref="ConflictException">It is not the file any more that it was.</exception>
    public void CheckUnchanged()
    {
        var now = new FileInfo(Name);
        if (!now.Exists || now.Length != Bytes || now.LastWriteTimeUtc != Modified)
        {
            throw new ConflictException($"'{Name}' was changed while it was pushed. Push again once nobody writes to it.");
        }
    }
}
