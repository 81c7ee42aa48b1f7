namespace OrleansDL.Benchmarks;

/// <summary>What a push is held against.</summary>
internal enum PushLimit
{
    /// <summary>Reading and hashing the same files in one process, one thread.</summary>
    Hash,

    /// <summary>The same bytes written as files of 64 MB, each synced.</summary>
    Disk,

    /// <summary>The same bytes sent to a bare web server over as many connections, which hashes, writes and syncs them and does nothing else.</summary>
    Wire,
}
