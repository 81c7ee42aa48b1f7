using System.IO.Compression;

namespace OrleansDL.Datasets.Exports;

/// <summary>A zip that is never sought in: each file's size follows its bytes, and the list of files, which is all that is kept in memory, comes last.</summary>
internal sealed class PackedArchive : IArchive
{
    // The library writes headers without waiting; they are kept until it next waits.
    private readonly CountingStream _output;
    private readonly ZipArchive _zip;
    private readonly DateTimeOffset _modified;

    public PackedArchive(Stream output, DateTimeOffset modified)
    {
        _output = new CountingStream(output, canSeek: false);
        _zip = new ZipArchive(_output, ZipArchiveMode.Create, leaveOpen: true);
        _modified = modified;
    }

    public async Task AddAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        // Packed lightly also where it gains nothing: a file that is only stored, with its size behind it, cannot be read as it streams by.
        var entry = _zip.CreateEntry(path, CompressionLevel.Fastest);
        entry.LastWriteTime = _modified;
        await using (var target = await entry.OpenAsync(cancellationToken))
        {
            await content.CopyToAsync(target, cancellationToken);
        }

        await _output.DrainAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _zip.DisposeAsync();
        await _output.DrainAsync(CancellationToken.None);
    }
}
