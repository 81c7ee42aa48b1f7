using System.Formats.Tar;

namespace OrleansDL.Datasets.Exports;

/// <summary>A tar; all files bear one time, so that the same files give the same bytes.</summary>
internal sealed class TarArchive(Stream output, DateTimeOffset modified) : IArchive
{
    private readonly TarWriter _tar = new(output, TarEntryFormat.Pax, leaveOpen: true);

    public Task AddAsync(string path, Stream content, CancellationToken cancellationToken) =>
        _tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = content, ModificationTime = modified }, cancellationToken);

    public ValueTask DisposeAsync() => _tar.DisposeAsync();
}
