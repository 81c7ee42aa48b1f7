namespace OrleansDL.Tests.Harness;

/// <summary>Tells when so many files below a folder were deleted.</summary>
internal sealed class Deletions : IDisposable
{
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    public Deletions(string folder, int count)
    {
        _left = count;
        _watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName };
        _watcher.Deleted += (_, _) =>
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _seen.TrySetResult();
            }
        };
        _watcher.EnableRaisingEvents = true;
    }

    public Task Seen => _seen.Task;

    public void Dispose() => _watcher.Dispose();
}
