namespace OrleansDL.Datasets.Push;

/// <summary>Counts what a push does, from many threads.</summary>
internal sealed class PushCount(IProgress<PushProgress>? progress)
{
    private int _files;
    private long _bytes;
    private long _hashed;
    private int _skippedFiles;
    private long _skippedBytes;
    private int _sentFiles;
    private long _sentBytes;

    public PushProgress Now => new()
    {
        Files = _files,
        Bytes = _bytes,
        HashedBytes = Interlocked.Read(ref _hashed),
        SkippedFiles = _skippedFiles,
        SkippedBytes = Interlocked.Read(ref _skippedBytes),
        SentFiles = _sentFiles,
        SentBytes = Interlocked.Read(ref _sentBytes),
    };

    public void Begin(List<LocalFile> files)
    {
        _files = files.Count;
        _bytes = files.Sum(file => file.Bytes);
        progress?.Report(Now);
    }

    public void Hashed(int bytes)
    {
        Interlocked.Add(ref _hashed, bytes);
        progress?.Report(Now);
    }

    public void Skipped(long bytes)
    {
        Interlocked.Increment(ref _skippedFiles);
        Interlocked.Add(ref _skippedBytes, bytes);
        progress?.Report(Now);
    }

    public void Sent(int files, long bytes)
    {
        Interlocked.Add(ref _sentFiles, files);
        Interlocked.Add(ref _sentBytes, bytes);
        progress?.Report(Now);
    }
}
