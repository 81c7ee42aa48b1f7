using System.Runtime.CompilerServices;

namespace OrleansDL.Blobs;

/// <summary>Objects are files of a folder which all nodes see.</summary>
internal sealed class LocalFolder : IBlobBackend
{
    public LocalFolder(string folder)
    {
        Where = Path.GetFullPath(folder);
        Incoming = Path.Combine(Where, "incoming");
        Directory.CreateDirectory(Incoming);
    }

    public string Where { get; }

    public string Incoming { get; }

    public bool IsLocal => true;

    public string FileOf(string key) => Path.Combine(Where, key);

    public Task<long?> LengthAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = new FileInfo(FileOf(key));
        return Task.FromResult<long?>(file.Exists ? file.Length : null);
    }

    public Task<IBlobObject?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IBlobObject?>(LocalObject.Open(FileOf(key)));
    }

    public async Task WriteAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Incoming, Guid.NewGuid().ToString("N"));
        try
        {
            await File.WriteAllBytesAsync(file, bytes, cancellationToken);
            Directory.CreateDirectory(Path.GetDirectoryName(FileOf(key))!);
            File.Move(file, FileOf(key), overwrite: true);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public Task UploadAsync(string file, string key, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SettleAsync(string file, string key, CancellationToken cancellationToken)
    {
        var target = FileOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Move(file, target, overwrite: true);
        CLibrary.FlushFolder(Path.GetDirectoryName(target)!);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            try
            {
                File.Delete(FileOf(key));
            }
            catch (DirectoryNotFoundException)
            {
                // It never lay here.
            }
        }

        return Task.CompletedTask;
    }

    // Files that come in are swept by their own times.
    public Task<SweptBlobs> AbandonUploadsAsync(DateTimeOffset begunBefore, bool dryRun, CancellationToken cancellationToken) => Task.FromResult(new SweptBlobs());

    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in new DirectoryInfo(Where).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = Path.GetRelativePath(Where, file.FullName);
            if (!key.StartsWith("incoming/", StringComparison.Ordinal))
            {
                yield return new StoredObject(key, file.Length, file.LastWriteTimeUtc);
            }
        }

        await Task.CompletedTask;
    }
}
