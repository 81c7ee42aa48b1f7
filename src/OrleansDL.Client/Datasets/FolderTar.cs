using System.Formats.Tar;

namespace OrleansDL.Datasets;

/// <summary>Packs a folder into a tar as it is sent: sorted by path, without owners and times, so that equal folders make equal bytes.</summary>
internal static class FolderTar
{
    public static async Task WriteAsync(string folder, Stream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var files = Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
            .Select(file => (File: file, Name: Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')))
            .OrderBy(f => f.Name, StringComparer.Ordinal);
        long sent = 0;
        await using var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var (file, name) in files)
        {
            await using var content = File.OpenRead(file);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = DateTimeOffset.UnixEpoch }, cancellationToken);
            sent += content.Length;
            progress?.Report(sent);
        }
    }
}
