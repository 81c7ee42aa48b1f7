using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Reads the files of a tar archive, plain or compressed with gzip, as it streams by.</summary>
internal sealed class TarFiles(IngestLimits limits)
{
    private long _packed;

    public async IAsyncEnumerable<ArchiveFile> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var meter = new UnpackMeter(limits, () => _packed);
        await using var counted = new ObservedStream(stream, read => _packed += read.Length);
        var head = new byte[2];
        var length = await counted.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellationToken);
        if (length == 0)
        {
            throw new InvalidException("The archive is empty. Upload a tar file that holds at least one file.");
        }

        await using var whole = new PrefixedStream(head.AsMemory(0, length), counted);
        await using var unpacked = head is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress, leaveOpen: true) : (Stream)whole;
        // The meter stands below the tar reader too: skipping a file is reading it.
        await using var metered = new ObservedStream(unpacked, meter.OnBytes);
        await using var tar = new TarReader(metered, leaveOpen: true);
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                case TarEntryType.DirectoryList:
                case TarEntryType.GlobalExtendedAttributes:
                    continue;
                case TarEntryType.RegularFile:
                case TarEntryType.V7RegularFile:
                case TarEntryType.ContiguousFile:
                    break;
                default:
                    throw new InvalidException(
                        $"The archive holds '{Manifests.EntryPath.Shorten(entry.Name)}', which is no plain file but a {entry.EntryType}. Pack the files themselves (tar --dereference).");
            }

            if (ArchivePaths.Map(entry.Name) is { } path)
            {
                meter.OnFile(path);
                yield return new ArchiveFile(path, entry.DataStream ?? Stream.Null);
            }
        }
    }

    private static async ValueTask<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidException($"The archive is no valid tar file, or it is cut short: {fault.Message} Pack it again with tar.");
        }
    }
}
