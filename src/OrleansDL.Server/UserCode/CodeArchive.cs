using System.Formats.Tar;
using System.IO.Compression;
using OrleansDL.Blobs;

namespace OrleansDL.UserCode;

/// <summary>Takes the files out of an archive that anyone may have made, and stores them. Nothing is ever written where an archive says.</summary>
internal sealed class CodeArchive(BlobStore blobs)
{
    /// <summary>Greatest archive.</summary>
    public const long MaximumArchive = 256L << 20;

    /// <summary>Most bytes of all files together, unpacked.</summary>
    public const long MaximumBytes = 1L << 30;

    private const int Buffer = 1 << 17;
    private const int ExecutableBits = 0x49;
    private const int KindBits = 0xf000;
    private const int PlainFile = 0x8000;

    /// <summary>Stores a zip, tar or tar.gz file's contents.</summary>
    /// <returns>The digest of the list of files, which is stored too.</returns>
    /// <exception cref="InvalidException">It is no such archive, or holds what code may not.</exception>
    /// <exception cref="TooLargeException">It holds more than is allowed.</exception>
    public async Task<BlobId> StoreAsync(Stream archive, CancellationToken cancellationToken)
    {
        // A zip file is read from its end, and no body can be.
        await using var spooled = new FileStream(Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, Buffer, FileOptions.DeleteOnClose);
        await CopyAsync(archive, spooled, MaximumArchive, "The archive", cancellationToken);
        spooled.Position = 0;
        var files = new SortedDictionary<string, CodeFile>(StringComparer.Ordinal);
        try
        {
            await using var pack = blobs.CreatePack();
            var kind = new byte[2];
            var read = await spooled.ReadAtLeastAsync(kind, 2, throwOnEndOfStream: false, cancellationToken);
            spooled.Position = 0;
            if (read == 2 && kind is [(byte)'P', (byte)'K'])
            {
                await ReadZipAsync(spooled, files, pack, cancellationToken);
            }
            else if (kind is [0x1f, 0x8b])
            {
                await using var unpacked = new GZipStream(spooled, CompressionMode.Decompress);
                await ReadTarAsync(unpacked, files, pack, cancellationToken);
            }
            else
            {
                await ReadTarAsync(spooled, files, pack, cancellationToken);
            }

            await pack.CompleteAsync(cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or NotSupportedException)
        {
            throw new InvalidException($"The body is no zip, tar or tar.gz file that can be read: {e.Message}");
        }

        Check(files);
        return (await blobs.PutAsync(CodeManifest.Write(files.Values), cancellationToken)).Blob;
    }

    /// <summary>Writes a version's files as a tar file.</summary>
    public async Task WriteAsync(BlobId digest, Stream to, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(to, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in CodeManifest.Read(await blobs.ReadAsync(digest, cancellationToken)))
        {
            await using var bytes = await blobs.OpenReadAsync(file.Blob, cancellationToken);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, file.Path)
                {
                    DataStream = bytes,
                    Mode = (UnixFileMode)(file.Executable ? 0x1ed : 0x1a4),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                },
                cancellationToken);
        }
    }

    private async Task ReadZipAsync(Stream archive, SortedDictionary<string, CodeFile> files, BlobPackWriter pack, CancellationToken cancellationToken)
    {
        using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in zip.Entries)
        {
            if (entry.FullName.EndsWith('/'))
            {
                continue;
            }

            // The upper half is what Unix says of the file; nothing where the archive was made elsewhere.
            var mode = (entry.ExternalAttributes >> 16) & 0xffff;
            if ((mode & KindBits) is not (0 or PlainFile))
            {
                throw NoPlainFile(entry.FullName);
            }

            await using var bytes = await entry.OpenAsync(cancellationToken);
            await AddAsync(files, pack, entry.FullName, bytes, (mode & ExecutableBits) != 0, cancellationToken);
        }
    }

    private async Task ReadTarAsync(Stream archive, SortedDictionary<string, CodeFile> files, BlobPackWriter pack, CancellationToken cancellationToken)
    {
        await using var tar = new TarReader(archive, leaveOpen: true);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    await AddAsync(files, pack, entry.Name, entry.DataStream ?? Stream.Null, ((int)entry.Mode & ExecutableBits) != 0, cancellationToken);
                    break;
                default:
                    throw NoPlainFile(entry.Name);
            }
        }
    }

    private async Task AddAsync(SortedDictionary<string, CodeFile> files, BlobPackWriter pack, string name, Stream bytes, bool executable, CancellationToken cancellationToken)
    {
        var path = CodePath.Check(name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name);
        if (files.Count == CodeManifest.MaximumFiles)
        {
            throw new TooLargeException($"The archive holds more than {CodeManifest.MaximumFiles} files. Code is source and programs: put data into a dataset.");
        }

        // Counted as they come: what an archive says of its sizes may be wrong on purpose.
        var left = MaximumBytes - files.Values.Sum(file => file.Bytes);
        var small = new MemoryStream();
        await CopyAsync(bytes, small, Math.Min(left, BlobStore.PackedBelow - 1), null, cancellationToken);
        BlobRef blob;
        if (small.Length < BlobStore.PackedBelow)
        {
            blob = await pack.AddAsync(small.GetBuffer().AsMemory(0, (int)small.Length), cancellationToken);
        }
        else
        {
            await using var writer = blobs.Create();
            await writer.WriteAsync(small.GetBuffer().AsMemory(0, (int)small.Length), cancellationToken);
            await CopyAsync(bytes, writer, left - small.Length, "What the archive holds", cancellationToken);
            blob = await writer.CompleteAsync(cancellationToken);
        }

        if (blob.Bytes > left)
        {
            throw TooMuch("What the archive holds", MaximumBytes);
        }

        if (!files.TryAdd(path, new CodeFile { Path = path, Blob = blob.Blob, Bytes = blob.Bytes, Executable = executable }))
        {
            throw new InvalidException($"The archive holds '{path}' twice. Make it anew.");
        }
    }

    private static void Check(SortedDictionary<string, CodeFile> files)
    {
        if (files.Count == 0)
        {
            throw new InvalidException("The archive holds no file. Send a zip, tar or tar.gz file of your code's folder.");
        }

        foreach (var path in files.Keys)
        {
            for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
            {
                if (files.ContainsKey(path[..slash]))
                {
                    throw new InvalidException($"The archive holds '{path[..slash]}' both as a file and as a folder. Make it anew.");
                }
            }
        }
    }

    /// <summary>Copies to the end, or one byte past the limit when no <paramref name="what"/> is there to be refused.</summary>
    private static async Task CopyAsync(Stream from, Stream to, long limit, string? what, CancellationToken cancellationToken)
    {
        var buffer = new byte[Buffer];
        long copied = 0;
        while (copied <= limit)
        {
            var most = (int)Math.Min(buffer.Length, limit + 1 - copied);
            var read = await from.ReadAsync(buffer.AsMemory(0, most), cancellationToken);
            if (read == 0)
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            copied += read;
        }

        if (what is not null)
        {
            throw TooMuch(what, limit);
        }
    }

    private static TooLargeException TooMuch(string what, long limit) =>
        new($"{what} has more than {limit} bytes. Code is source and programs: put data into a dataset.");

    private static InvalidException NoPlainFile(string name) =>
        new($"The archive holds '{name}', which is a link or another thing that is no plain file. Put the file itself into it.");
}
