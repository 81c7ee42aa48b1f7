namespace OrleansDL.Datasets.Imports;

/// <summary>One kind of source: what there is, its bytes, and whether they are still the same.</summary>
internal interface ISourceReader
{
    /// <summary>The objects that the address means.</summary>
    IAsyncEnumerable<ImportObject> ListAsync(Uri source, CancellationToken cancellationToken);

    /// <summary>How a version calls an object.</summary>
    string UriOf(Uri source, ImportObject found);

    /// <summary>The object as it was pinned, from a byte on.</summary>
    /// <exception cref="SourceLostException">The source failed in a way that may pass.</exception>
    Task<SourceBody> OpenAsync(Uri source, ImportObject pinned, long offset, CancellationToken cancellationToken);

    /// <summary>What the source says of an object now; null when it is gone.</summary>
    Task<ImportObject?> LookAsync(Uri uri, CancellationToken cancellationToken);
}
