using System.Formats.Tar;

namespace OrleansDL.UserCode;

/// <summary>Code of the client's project. Wherever a version stands: its number, its digest (<c>sha256:...</c>), or <c>latest</c>.</summary>
public sealed class CodeClient
{
    private static readonly string[] NotPushed = [".git", "__pycache__", ".venv", "node_modules"];

    private readonly OdlConnection _http;

    internal CodeClient(OdlConnection http) => _http = http;

    public IAsyncEnumerable<CodeArtifact> ListAsync(CancellationToken cancellationToken = default) => _http.ListAsync<CodeArtifact>(Root, cancellationToken);

    public Task<CodeArtifact> GetAsync(string code, CancellationToken cancellationToken = default) => _http.GetAsync<CodeArtifact>(Of(code), cancellationToken);

    /// <summary>Deletes the code with all its versions. Runs keep what they execute.</summary>
    public Task DeleteAsync(string code, CancellationToken cancellationToken = default) => _http.DeleteAsync(Of(code), null, cancellationToken);

    /// <summary>Newest first.</summary>
    public IAsyncEnumerable<CodeVersion> ListVersionsAsync(string code, CancellationToken cancellationToken = default) =>
        _http.ListAsync<CodeVersion>($"{Of(code)}/versions", cancellationToken);

    public Task<CodeVersion> GetVersionAsync(string code, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetAsync<CodeVersion>(Of(code, version), cancellationToken);

    public Task<IReadOnlyList<CodeFile>> ListFilesAsync(string code, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<CodeFile>($"{Of(code, version)}/files", cancellationToken);

    /// <summary>Makes a version of a zip, tar or tar.gz file's contents; the code itself when there is none of that name. The same files again are the version they were.</summary>
    public Task<CodeVersion> PushAsync(string code, Stream archive, CancellationToken cancellationToken = default) =>
        _http.SendAsync<CodeVersion>(HttpMethod.Post, $"{Of(code)}/versions", UploadContent.Of(archive, null), null, cancellationToken, patient: true);

    /// <summary>Makes a version of a folder's files, but for <c>.git</c>, <c>.venv</c>, <c>__pycache__</c> and <c>node_modules</c>.</summary>
    /// <exception cref="InvalidException">The folder holds a link.</exception>
    public async Task<CodeVersion> PushFolderAsync(string code, string folder, CancellationToken cancellationToken = default)
    {
        await using var archive = new FileStream(Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        await using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var file in FilesOf(new DirectoryInfo(folder)).OrderBy(file => file.FullName, StringComparer.Ordinal))
            {
                await using var bytes = file.OpenRead();
                var mode = OperatingSystem.IsWindows() ? UnixFileMode.UserRead : file.UnixFileMode;
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, Path.GetRelativePath(folder, file.FullName).Replace('\\', '/')) { DataStream = bytes, Mode = mode }, cancellationToken);
            }
        }

        archive.Position = 0;
        return await PushAsync(code, archive, cancellationToken);
    }

    /// <summary>A version's files as a tar file.</summary>
    public Task<Stream> DownloadAsync(string code, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.OpenAsync($"{Of(code, version)}/archive", cancellationToken);

    private string Root => $"{_http.Project}/code";
    private string Of(string code) => $"{Root}/{OdlConnection.Escape(code)}";
    private string Of(string code, string version) => $"{Of(code)}/versions/{OdlConnection.Escape(version)}";

    private static IEnumerable<FileInfo> FilesOf(DirectoryInfo folder)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null)
            {
                throw new InvalidException($"'{entry.FullName}' is a link, which code may not hold. Put what it leads to into the folder.");
            }

            if (entry is DirectoryInfo below)
            {
                foreach (var file in NotPushed.Contains(below.Name) ? [] : FilesOf(below))
                {
                    yield return file;
                }
            }
            else
            {
                yield return (FileInfo)entry;
            }
        }
    }
}
