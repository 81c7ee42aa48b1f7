namespace OrleansDL.Datasets.Exports;

/// <summary>An archive that is written file by file and sent on as it grows. Disposing it writes what stands at its end.</summary>
internal interface IArchive : IAsyncDisposable
{
    Task AddAsync(string path, Stream content, CancellationToken cancellationToken);
}
