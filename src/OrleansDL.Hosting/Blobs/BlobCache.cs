using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansDL.Blobs;

/// <summary>Files of this machine that hold what a store holds elsewhere, up to a size; what was not used for longest goes first.</summary>
/// <remarks>A file's name is what it holds and its last access is its last use, so the cache is the same after a restart. It belongs to
/// one process. What lies here is verified by whoever reads it.</remarks>
internal sealed class BlobCache
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _arriving = new(StringComparer.Ordinal);
    private readonly string _folder;
    private readonly long _limit;
    private readonly TimeProvider _time;
    private long _bytes;

    public BlobCache(string folder, long limit, TimeProvider time)
    {
        _folder = Path.GetFullPath(folder);
        _limit = limit;
        _time = time;
        Incoming = Path.Combine(_folder, "incoming");
        Directory.CreateDirectory(Incoming);
        foreach (var file in new DirectoryInfo(Incoming).EnumerateFiles())
        {
            // Left behind by a process that was killed: the folder is ours alone.
            file.Delete();
        }

        var files = new DirectoryInfo(_folder).EnumerateDirectories().Where(directory => directory.Name.Length == 2).SelectMany(directory => directory.EnumerateFiles());
        foreach (var file in files.OrderBy(file => file.LastAccessTimeUtc))
        {
            Enter(file.Name, file.Length);
        }

        Trim();
    }

    /// <summary>Where files are prepared; the same file system as the cache.</summary>
    public string Incoming { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The file that holds something, or null.</summary>
    public string? Find(string name)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(name, out var entry))
            {
                return null;
            }

            _byUse.Remove(entry);
            _byUse.AddLast(entry);
        }

        var path = PathOf(name);
        try
        {
            File.SetLastAccessTimeUtc(path, _time.GetUtcNow().UtcDateTime);
            return path;
        }
        catch (IOException)
        {
            // Someone has emptied the folder.
            Remove(name);
            return null;
        }
    }

    /// <summary>The file that holds something; it is made if it is not there. Who asks for the same meanwhile waits for it.</summary>
    /// <param name="write">Writes the file at the path it is given.</param>
    public async Task<string> GetAsync(string name, Func<string, Task> write)
    {
        if (Find(name) is { } found)
        {
            return found;
        }

        var arriving = _arriving.GetOrAdd(name, _ => new Lazy<Task<string>>(() => AddAsync(name, write)));
        try
        {
            return await arriving.Value;
        }
        finally
        {
            _arriving.TryRemove(KeyValuePair.Create(name, arriving));
        }
    }

    /// <summary>Removes a file, for example one that was found damaged.</summary>
    public bool Remove(string name)
    {
        lock (_lock)
        {
            if (!_entries.Remove(name, out var entry))
            {
                return false;
            }

            _byUse.Remove(entry);
            _bytes -= entry.Value.Bytes;
        }

        File.Delete(PathOf(name));
        return true;
    }

    private async Task<string> AddAsync(string name, Func<string, Task> write)
    {
        var file = Path.Combine(Incoming, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        try
        {
            await write(file);
            var path = PathOf(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var bytes = new FileInfo(file).Length;
            File.Move(file, path, overwrite: true);
            Enter(name, bytes);
            Trim();
            return path;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private void Enter(string name, long bytes)
    {
        lock (_lock)
        {
            if (_entries.Remove(name, out var before))
            {
                _byUse.Remove(before);
                _bytes -= before.Value.Bytes;
            }

            _entries[name] = _byUse.AddLast(new Entry(name, bytes));
            _bytes += bytes;
        }
    }

    // The newest stays even when it is larger than the cache: someone is about to use it.
    private void Trim()
    {
        while (true)
        {
            string oldest;
            lock (_lock)
            {
                if (_bytes <= _limit || _byUse.Count < 2)
                {
                    return;
                }

                oldest = _byUse.First!.Value.Name;
            }

            Remove(oldest);
        }
    }

    private string PathOf(string name) => Path.Combine(_folder, name[..2], name);

    private readonly record struct Entry(string Name, long Bytes);
}
