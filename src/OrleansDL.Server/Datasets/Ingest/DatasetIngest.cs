using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Takes an upload into the blob store in one pass: hashed, checked and counted while it streams by.</summary>
internal sealed class DatasetIngest(
    BlobStore blobs, RowIndexes indexes, FormatReaders readers, TableIngest tables, IOptions<IngestLimits> options)
{
    private const int BufferSize = 256 * 1024;
    private readonly IngestLimits _limits = options.Value;

    /// <exception cref="InvalidException">The bytes are not what they are said to be; no file of them is named.</exception>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public async Task<IngestResult> ReadAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        if (!IsLookedAt(request))
        {
            return await ReadKnownAsync(request with { Format = request.Format ?? IngestFormats.File }, body, cancellationToken);
        }

        var head = await HeadAsync(body, cancellationToken);
        await using var whole = new PrefixedStream(head, body);
        if (!FormatDetector.IsGzip(head.Span))
        {
            return await ReadKnownAsync(Known(request, head.Span), whole, cancellationToken);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long packed = 0;
        await using var source = new ObservedStream(whole, read =>
        {
            hash.AppendData(read);
            packed += read.Length;
        });
        var result = await ReadGzipAsync(request, source, () => packed, cancellationToken);

        // What follows the packed bytes is part of what came in, and so of its digest.
        await source.CopyToAsync(Stream.Null, cancellationToken);
        return result with { Source = new BlobRef { Blob = BlobId.FromHash(hash.GetHashAndReset()), Bytes = packed } };
    }

    /// <summary>Takes in a file whose bytes lie in the store already.</summary>
    /// <exception cref="InvalidException">The bytes are not what they are said to be.</exception>
    public async Task<IngestResult> ReadStoredAsync(IngestRequest request, BlobRef blob, CancellationToken cancellationToken)
    {
        if (IsLookedAt(request) && blob.Bytes > 0)
        {
            await using var file = await blobs.OpenReadAsync(blob.Blob, cancellationToken);
            var head = await HeadAsync(file, cancellationToken);
            if (FormatDetector.IsGzip(head.Span))
            {
                file.Seek(0, SeekOrigin.Begin);
                return await ReadGzipAsync(request, file, () => file.Position, cancellationToken) with { Source = blob };
            }

            request = Known(request, head.Span);
        }

        if (request.Format is null or IngestFormats.File)
        {
            return Result([FileEntry(request.Path, blob)], request.Kind, blob);
        }

        if (blob.Bytes == 0)
        {
            throw new InvalidException($"The file '{request.Path}' is empty. Upload a file that holds something.");
        }

        if (readers.Stored(request.Format) is not null)
        {
            return await tables.ReadAsync(request, blob, cancellationToken);
        }

        await using var bytes = await blobs.OpenReadAsync(blob.Blob, cancellationToken);
        return request.Format switch
        {
            IngestFormats.Csv or IngestFormats.Tsv or IngestFormats.JsonLines => await ResultAsync(request, await ParseAsync(request, bytes, cancellationToken), blob),
            IngestFormats.Image => Result([await CheckImageAsync(request.Path, bytes, blob, cancellationToken)], request.Kind, blob),
            IngestFormats.Zip => Result(await StoreAsync(request.Kind, new ZipFiles(_limits).ReadAsync(bytes, cancellationToken), cancellationToken), request.Kind, blob),
            _ => await ReadTarAsync(request, bytes, cancellationToken),
        };
    }

    // Files are taken as they are, and archives look into themselves.
    private static bool IsLookedAt(IngestRequest request) =>
        request.Kind != DatasetKind.Files && request.Format is not (IngestFormats.Tar or IngestFormats.Zip or IngestFormats.File or IngestFormats.Image);

    private static IngestRequest Known(IngestRequest request, ReadOnlySpan<byte> head)
    {
        var format = request.Format ?? IngestFormats.Check(FormatDetector.Of(request.Kind, request.Path, head), request.Kind);
        var path = request.Path;
        return request with
        {
            Format = format,
            Path = request.Format is null && path.IndexOf('.', path.LastIndexOf('/') + 1) < 0 && !path.EndsWith("ubyte", StringComparison.Ordinal) ? $"{path}.{format}" : path,
        };
    }

    private static async Task<ReadOnlyMemory<byte>> HeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[FormatDetector.HeadBytes];
        return head.AsMemory(0, await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken));
    }

    private Task<IngestResult> ReadKnownAsync(IngestRequest request, Stream body, CancellationToken cancellationToken) => request.Format switch
    {
        IngestFormats.Csv or IngestFormats.Tsv or IngestFormats.JsonLines => ReadTableAsync(request, body, (stream, cancel) => ParseAsync(request, stream, cancel), cancellationToken),
        IngestFormats.Tar => ReadTarAsync(request, body, cancellationToken),
        IngestFormats.Zip => ReadZipAsync(request, body, cancellationToken),
        IngestFormats.File => ReadFileAsync(request, body, cancellationToken),
        IngestFormats.Image => ReadImageAsync(request, body, cancellationToken),
        _ => ReadStoredTableAsync(request, body, cancellationToken),
    };

    private Task<TableSummary> ParseAsync(IngestRequest request, Stream stream, CancellationToken cancellationToken) => request.Format == IngestFormats.JsonLines
        ? new JsonLinesIngest(request.Schema, _limits, request.Types).ReadAsync(stream, cancellationToken)
        : new CsvIngest(request.Header, request.Schema, _limits, CsvReader.Delimiter(request.Format!), request.Types).ReadAsync(stream, cancellationToken);

    // Packed files are stored unpacked: rows are found in them by their place.
    private async Task<IngestResult> ReadGzipAsync(IngestRequest request, Stream packed, Func<long> packedBytes, CancellationToken cancellationToken)
    {
        await using var unpacking = new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true);
        await using var metered = new ObservedStream(unpacking, new UnpackMeter(_limits, packedBytes).OnBytes);
        try
        {
            var head = await HeadAsync(metered, cancellationToken);
            await using var whole = new PrefixedStream(head, metered);
            return await ReadKnownAsync(Known(request with { Path = FormatDetector.WithoutGzip(request.Path) }, head.Span), whole, cancellationToken);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidException($"'{request.Path}' cannot be unpacked: {fault.Message} Pack it again with gzip.");
        }
    }

    private async Task<IngestResult> ReadImageAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        var blob = await CopyAsync(body, cancellationToken);
        await using var file = await blobs.OpenReadAsync(blob.Blob, cancellationToken);
        return Result([await CheckImageAsync(request.Path, file, blob, cancellationToken)], request.Kind, blob);
    }

    // These formats have what must be known first at their end, or need to be read in two passes.
    private async Task<IngestResult> ReadStoredTableAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        var blob = await CopyAsync(body, cancellationToken);
        return blob.Bytes == 0
            ? throw new InvalidException($"The file '{request.Path}' is empty. Upload a file that holds something.")
            : await tables.ReadAsync(request, blob, cancellationToken);
    }

    // The parser runs beside the writer: an upload takes as long as the slower of the two.
    private async Task<IngestResult> ReadTableAsync(
        IngestRequest request, Stream body, Func<Stream, CancellationToken, Task<TableSummary>> parse, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: 16 * BufferSize, resumeWriterThreshold: 8 * BufferSize, minimumSegmentSize: BufferSize, useSynchronizationContext: false));
        var parsing = Task.Run(
            async () =>
            {
                await using var stream = pipe.Reader.AsStream();
                return await parse(stream, cancellationToken);
            },
            CancellationToken.None);
        await using var writer = blobs.Create();
        try
        {
            while (true)
            {
                var buffer = pipe.Writer.GetMemory(BufferSize);
                var read = await body.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    break;
                }

                await writer.WriteAsync(buffer[..read], cancellationToken);
                pipe.Writer.Advance(read);
                if ((await pipe.Writer.FlushAsync(cancellationToken)).IsCompleted)
                {
                    // The parser has stopped reading: it found a fault, which awaiting it throws.
                    break;
                }
            }

            await pipe.Writer.CompleteAsync();
        }
        catch (Exception fault)
        {
            await pipe.Writer.CompleteAsync(fault);
            await ((Task)parsing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        var table = await parsing;
        return await ResultAsync(request, table, await writer.CompleteAsync(cancellationToken));
    }

    private async Task<IngestResult> ReadFileAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        var blob = await CopyAsync(body, cancellationToken);
        return blob.Bytes == 0
            ? throw new InvalidException($"The file '{request.Path}' is empty. Upload a file that holds something.")
            : Result([FileEntry(request.Path, blob)], request.Kind, blob);
    }

    private async Task<IngestResult> ReadTarAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0;
        await using var source = new ObservedStream(body, read =>
        {
            hash.AppendData(read);
            bytes += read.Length;
        });
        var entries = await StoreAsync(request.Kind, new TarFiles(_limits).ReadAsync(source, cancellationToken), cancellationToken);

        // What follows the archive's end is part of what came in, and so of its digest.
        await source.CopyToAsync(Stream.Null, cancellationToken);
        return Result(entries, request.Kind, new BlobRef { Blob = BlobId.FromHash(hash.GetHashAndReset()), Bytes = bytes });
    }

    private async Task<IngestResult> ReadZipAsync(IngestRequest request, Stream body, CancellationToken cancellationToken)
    {
        // Nothing will refer to the archive itself: it is collected later.
        var archive = await CopyAsync(body, cancellationToken);
        await using var file = await blobs.OpenReadAsync(archive.Blob, cancellationToken);
        return Result(await StoreAsync(request.Kind, new ZipFiles(_limits).ReadAsync(file, cancellationToken), cancellationToken), request.Kind, archive);
    }

    private async Task<List<DatasetEntry>> StoreAsync(DatasetKind kind, IAsyncEnumerable<ArchiveFile> files, CancellationToken cancellationToken)
    {
        var entries = new List<DatasetEntry>();
        var looking = new Queue<(DatasetEntry Entry, Task<ImageFacts> Facts)>();
        try
        {
            await foreach (var file in files)
            {
                if (kind != DatasetKind.Image)
                {
                    entries.Add(FileEntry(file.Path, await StoreAsync(file, CopyAsync, cancellationToken)));
                    continue;
                }

                // While an image is stored and the next one comes in, others are looked at.
                var content = await StoreAsync(file, (bytes, cancel) => ReadImageAsync(file.Path, bytes, cancel), cancellationToken);
                var facts = Task.Run(() => ImageCheck.Look(content, file.Path, _limits), CancellationToken.None);
                looking.Enqueue((ImageEntry(file.Path, await blobs.PutAsync(content, cancellationToken), facts: null), facts));
                if (looking.Count > Environment.ProcessorCount)
                {
                    await TakeAsync();
                }
            }
        }
        catch (OrleansDLException) when (looking.Count > 0)
        {
            // What is wrong with an earlier file is said first.
            await Task.WhenAll(looking.Select(image => image.Facts));
            throw;
        }

        while (looking.Count > 0)
        {
            await TakeAsync();
        }

        if (entries.Count == 0)
        {
            throw new InvalidException($"The archive holds no {(kind == DatasetKind.Image ? "image" : "file")}. Pack at least one, in a folder named after its label.");
        }

        CheckFolders(entries);
        return entries;

        async Task TakeAsync()
        {
            var (entry, facts) = looking.Dequeue();
            entries.Add(entry with { Image = await facts });
        }
    }

    private static async Task<T> StoreAsync<T>(ArchiveFile file, Func<Stream, CancellationToken, Task<T>> store, CancellationToken cancellationToken)
    {
        try
        {
            return await store(file.Content, cancellationToken);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidException($"The archive is damaged at '{file.Path}': {fault.Message} Pack it again.");
        }
    }

    private async Task<DatasetEntry> CheckImageAsync(string path, Stream bytes, BlobRef blob, CancellationToken cancellationToken) =>
        ImageEntry(path, blob, ImageCheck.Look(await ReadImageAsync(path, bytes, cancellationToken), path, _limits));

    private async Task<byte[]> ReadImageAsync(string path, Stream source, CancellationToken cancellationToken)
    {
        if (!path.Contains('/', StringComparison.Ordinal))
        {
            throw new InvalidException($"The image '{path}' lies in no folder. The folder's name is the label: pack it as LABEL/{path}.");
        }

        using var bytes = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > _limits.MaximumImageBytes)
                {
                    throw new TooLargeException($"The image '{path}' has more than {_limits.MaximumImageBytes} bytes. Scale it down, or raise Datasets:MaximumImageBytes.");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return bytes.ToArray();
    }

    private static DatasetEntry ImageEntry(string path, BlobRef blob, ImageFacts? facts)
    {
        var folder = path[..path.LastIndexOf('/')];
        return new DatasetEntry
        {
            Path = path,
            Blob = blob.Blob,
            Bytes = blob.Bytes,
            Rows = 1,
            Format = IngestFormats.Image,
            Label = folder[(folder.LastIndexOf('/') + 1)..],
            Image = facts,
        };
    }

    // While one buffer is written and hashed the next one is filled.
    private async Task<BlobRef> CopyAsync(Stream source, CancellationToken cancellationToken)
    {
        await using var writer = blobs.Create();
        var (filling, full) = (ArrayPool<byte>.Shared.Rent(BufferSize), ArrayPool<byte>.Shared.Rent(BufferSize));
        var writing = Task.CompletedTask;
        try
        {
            while (true)
            {
                var read = await source.ReadAtLeastAsync(filling, filling.Length, throwOnEndOfStream: false, cancellationToken);
                await writing;
                if (read < filling.Length)
                {
                    await writer.WriteAsync(filling.AsMemory(0, read), cancellationToken);
                    break;
                }

                (filling, full) = (full, filling);
                var bytes = full;
                writing = Task.Run(() => writer.Write(bytes), CancellationToken.None);
            }
        }
        finally
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(full);
        }

        return await writer.CompleteAsync(cancellationToken);
    }

    // A version's files are laid out as files again: no path can be both a file and a folder.
    private static void CheckFolders(List<DatasetEntry> entries)
    {
        var files = entries.Select(entry => entry.Path).ToHashSet(StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in files)
        {
            for (var slash = path.LastIndexOf('/'); slash > 0 && folders.Add(path[..slash]); slash = path.LastIndexOf('/', slash - 1))
            {
                if (files.Contains(path[..slash]))
                {
                    throw new InvalidException($"The archive holds '{path[..slash]}' both as a file and as a folder. Rename one.");
                }
            }
        }
    }

    private static DatasetEntry FileEntry(string path, BlobRef blob) =>
        new() { Path = path, Blob = blob.Blob, Bytes = blob.Bytes, Rows = 1, Format = IngestFormats.File };

    private async Task<IngestResult> ResultAsync(IngestRequest request, TableSummary table, BlobRef blob)
    {
        await indexes.WriteAsync(blob.Blob, request.Format!, table.Header, table.Index);
        return new IngestResult
        {
            Entries =
            [
                new DatasetEntry
                {
                    Path = request.Path, Blob = blob.Blob, Bytes = blob.Bytes, Rows = table.Rows, Format = request.Format!, Header = table.Header,
                },
            ],
            Columns = table.Columns,
            Statistics = table.Statistics,
            RowHashes = table.RowHashes,
            Source = blob,
        };
    }

    private static IngestResult Result(IReadOnlyList<DatasetEntry> entries, DatasetKind kind, BlobRef source) => new()
    {
        Entries = entries,
        Columns = kind == DatasetKind.Image ? ImageTable.Columns : [],
        Statistics = kind == DatasetKind.Image ? ImageTable.Summarize(entries) : [],
        Source = source,
    };
}
