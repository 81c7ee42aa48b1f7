namespace OrleansDL.Blobs;

/// <summary>Where bytes lie: objects under keys such as <c>ab/cdef...</c>, each written whole or not at all.</summary>
internal interface IBlobBackend
{
    /// <summary>How a person finds it: a folder, or <c>s3://bucket/prefix</c>.</summary>
    string Where { get; }

    /// <summary>Folder of this machine in which objects are prepared before they are stored.</summary>
    string Incoming { get; }

    /// <summary>Whether looking for an object costs less than asking the database.</summary>
    bool IsLocal { get; }

    /// <summary>The file that is the object, where objects are files of this machine; otherwise null.</summary>
    string? FileOf(string key);

    /// <summary>Length of an object, or null when there is none.</summary>
    Task<long?> LengthAsync(string key, CancellationToken cancellationToken);

    /// <summary>Opens an object, or answers null when there is none.</summary>
    Task<IBlobObject?> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes a small object that can be made again: it need not survive a power cut.</summary>
    Task WriteAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Does the long part of storing a durable file: sends it. The file stays.</summary>
    Task UploadAsync(string file, string key, CancellationToken cancellationToken);

    /// <summary>Does the short part, while the row that names the object is locked: afterwards the object is there, and the file may be gone.</summary>
    Task SettleAsync(string file, string key, CancellationToken cancellationToken);

    /// <summary>Removes objects; one that is not there is no error.</summary>
    Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken);

    /// <summary>Ends uploads in parts that were begun before a time and never ended: a store keeps their parts, and bills for them, for ever.</summary>
    /// <returns>How many, and how large their parts are where the store says it.</returns>
    Task<SweptBlobs> AbandonUploadsAsync(DateTimeOffset begunBefore, bool dryRun, CancellationToken cancellationToken);

    /// <summary>All objects.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(CancellationToken cancellationToken);
}
