using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Takes an upload into the blob store in one pass: hashed, checked and counted while it streams by.</summary>
internal sealed class DatasetIngest(BlobStore blobs, RowIndexes indexes, IOptions<IngestLimits> options)
{
    private const int BufferSize = 256 * 1024;
    private readonly IngestLimits _limits = options.Value;

    /// <exception cref="InvalidException">The bytes are not what they are said to be; no file of them is named.</exception>
    /// <exception cref="OutOfSpaceException">The disk is full.</exception>
    public Task<IngestResult> ReadAsync(IngestRequest request, Stream body, CancellationToken cancellationToken) => request.Format switch
    {
        IngestFormats.Csv => ReadTableAsync(
            request, body, (stream, cancel) => new CsvIngest(request.Header, request.Schema, _limits).ReadAsync(stream, cancel), cancellationToken),
        IngestFormats.JsonLines => ReadTableAsync(
            request, body, (stream, cancel) => new JsonLinesIngest(request.Schema, _limits).ReadAsync(stream, cancel), cancellationToken),
        IngestFormats.Tar => ReadTarAsync(request, body, cancellationToken),
        IngestFormats.Zip => ReadZipAsync(request, body, cancellationToken),
        _ => ReadFileAsync(request, body, cancellationToken),
    };

    /// <summary>Takes in a file whose bytes lie in the store already.</summary>
    /// <exception cref="InvalidException">The bytes are not what they are said to be.</exception>
    public async Task<IngestResult> ReadStoredAsync(IngestRequest request, BlobRef blob, CancellationToken cancellationToken)
    {
        if (request.Format == IngestFormats.File)
        {
            return Result([FileEntry(request.Path, blob)], request.Kind, blob);
        }

        if (blob.Bytes == 0)
        {
            throw new InvalidException($"The file '{request.Path}' is empty. Upload a file that holds something.");
        }

        await using var bytes = await blobs.OpenReadAsync(blob.Blob, cancellationToken);
        return request.Format switch
        {
            IngestFormats.Csv => await ResultAsync(request, await new CsvIngest(request.Header, request.Schema, _limits).ReadAsync(bytes, cancellationToken), blob),
            IngestFormats.JsonLines => await ResultAsync(request, await new JsonLinesIngest(request.Schema, _limits).ReadAsync(bytes, cancellationToken), blob),
            IngestFormats.Image => Result([await CheckImageAsync(request.Path, bytes, blob, cancellationToken)], request.Kind, blob),
            IngestFormats.Zip => Result(await StoreAsync(request.Kind, new ZipFiles(_limits).ReadAsync(bytes, cancellationToken), cancellationToken), request.Kind, blob),
            _ => await ReadTarAsync(request, bytes, cancellationToken),
        };
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
        await foreach (var file in files)
        {
            try
            {
                entries.Add(kind == DatasetKind.Image ? await StoreImageAsync(file, cancellationToken) : FileEntry(file.Path, await CopyAsync(file.Content, cancellationToken)));
            }
            catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
            {
                throw new InvalidException($"The archive is damaged at '{file.Path}': {fault.Message} Pack it again.");
            }
        }

        if (entries.Count == 0)
        {
            throw new InvalidException($"The archive holds no {(kind == DatasetKind.Image ? "image" : "file")}. Pack at least one, in a folder named after its label.");
        }

        CheckFolders(entries);
        return entries;
    }

    private async Task<DatasetEntry> StoreImageAsync(ArchiveFile file, CancellationToken cancellationToken)
    {
        var content = await ReadImageAsync(file.Path, file.Content, cancellationToken);
        return ImageEntry(file.Path, await blobs.PutAsync(content, cancellationToken));
    }

    private async Task<DatasetEntry> CheckImageAsync(string path, Stream bytes, BlobRef blob, CancellationToken cancellationToken)
    {
        await ReadImageAsync(path, bytes, cancellationToken);
        return ImageEntry(path, blob);
    }

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

        var content = bytes.ToArray();
        ImageCheck.Check(content, path, _limits);
        return content;
    }

    private static DatasetEntry ImageEntry(string path, BlobRef blob)
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
        await indexes.WriteAsync(blob.Blob, request.Format, table.Header, table.Index);
        return new IngestResult
        {
            Entries =
            [
                new DatasetEntry
                {
                    Path = request.Path, Blob = blob.Blob, Bytes = blob.Bytes, Rows = table.Rows, Format = request.Format, Header = table.Header,
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
