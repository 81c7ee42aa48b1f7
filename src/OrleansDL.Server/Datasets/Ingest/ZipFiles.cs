using System.Collections.ObjectModel;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Reads the files of a zip archive. Its directory stands at the end, so the archive must lie in a file.</summary>
internal sealed class ZipFiles(IngestLimits limits)
{
    private const int UnixTypeMask = 0xF000;
    private const int UnixRegularFile = 0x8000;

    public async IAsyncEnumerable<ArchiveFile> ReadAsync(Stream file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (file.Length == 0)
        {
            throw new InvalidException("The archive is empty. Upload a zip file that holds at least one file.");
        }

        var meter = new UnpackMeter(limits, () => file.Length);
        await using var zip = await OpenAsync(file, cancellationToken);
        foreach (var entry in Entries(zip))
        {
            var type = (entry.ExternalAttributes >> 16) & UnixTypeMask;
            if (entry.FullName.EndsWith('/'))
            {
                continue;
            }

            if (type is not (0 or UnixRegularFile))
            {
                throw new InvalidException(
                    $"The archive holds '{Manifests.EntryPath.Shorten(entry.FullName)}', which is no plain file but a link or device. Pack the files themselves.");
            }

            if (entry.IsEncrypted)
            {
                throw new InvalidException($"The archive's file '{Manifests.EntryPath.Shorten(entry.FullName)}' is encrypted. Pack it without a password.");
            }

            if (ArchivePaths.Map(entry.FullName) is { } path)
            {
                meter.OnFile(path);
                await using var content = await entry.OpenAsync(cancellationToken);
                await using var metered = new ObservedStream(content, meter.OnBytes);
                yield return new ArchiveFile(path, metered);
            }
        }
    }

    private static async Task<ZipArchive> OpenAsync(Stream file, CancellationToken cancellationToken)
    {
        try
        {
            return await ZipArchive.CreateAsync(file, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        }
        catch (InvalidDataException fault)
        {
            throw Broken(fault);
        }
    }

    private static ReadOnlyCollection<ZipArchiveEntry> Entries(ZipArchive zip)
    {
        try
        {
            return zip.Entries;
        }
        catch (InvalidDataException fault)
        {
            throw Broken(fault);
        }
    }

    private static InvalidException Broken(InvalidDataException fault) =>
        new($"The archive is no valid zip file, or it is cut short: {fault.Message} Pack it again with zip.");
}
