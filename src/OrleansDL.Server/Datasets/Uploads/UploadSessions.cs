using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Large files that come in piece by piece: whoever dies, the client or the node, the rest comes later and the digest is the same.</summary>
internal sealed class UploadSessions(
    UploadTable table, BlobStore blobs, ProjectBlobs projects, IOptions<UploadLimits> options) : IDisposable
{
    private const int KeptOpen = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<Guid, StagedBlob> _open = new();

    /// <summary>Begins an upload, or finds the unfinished one of the same key and size.</summary>
    public async Task<Upload> BeginAsync(Guid id, Dataset dataset, UploadSpec spec, long maximumBytes)
    {
        if (spec.Bytes is < 1 || spec.Bytes > maximumBytes)
        {
            throw new InvalidException($"A file of {spec.Bytes} bytes cannot be uploaded: it has 1 to {maximumBytes} bytes (Datasets:MaximumBodyBytes).");
        }

        if (spec.Key is { Length: 0 or > 128 })
        {
            throw new InvalidException("The key of an upload has 1 to 128 characters.");
        }

        var row = spec.Key is null ? null : await table.FindAsync(dataset.Id, spec.Key, spec.Bytes);
        if (row is not null && row.Sha256 != spec.Sha256?.Hex)
        {
            row = null;
        }

        return Describe(row ?? await table.CreateAsync(id, dataset, spec, options.Value.Keep));
    }

    public async Task<Upload> GetAsync(Dataset dataset, Guid id) => Describe(await FindAsync(dataset, id));

    /// <summary>Appends a piece.</summary>
    /// <exception cref="ConflictException">The piece does not begin where the last one ended, or another connection is sending.</exception>
    public async Task<Upload> AppendAsync(Dataset dataset, Guid id, long offset, Stream body, CancellationToken cancellationToken)
    {
        var row = await FindAsync(dataset, id);
        if (row.Blob is not null)
        {
            return Describe(row);
        }

        using var turn = await EnterAsync(row, id, cancellationToken);
        if (offset != turn.File.Length)
        {
            throw new ConflictException($"The piece begins at byte {offset}, but {turn.File.Length} bytes of the file are here. Send it from offset {turn.File.Length}.");
        }

        await turn.File.AppendAsync(
            body, row.Bytes, options.Value.DurableEvery, durable => table.RecordAsync(id, durable, options.Value.Keep), cancellationToken);
        return (await FindAsync(dataset, id)).ToUpload(turn.File.Length);
    }

    /// <summary>Makes the file a blob, once all of it is here. Repeating answers the same blob.</summary>
    /// <exception cref="ConflictException">Bytes are missing.</exception>
    /// <exception cref="InvalidException">The bytes are not those announced; they were thrown away.</exception>
    public async Task<Upload> CompleteAsync(Dataset dataset, Guid id, CancellationToken cancellationToken)
    {
        var row = await FindAsync(dataset, id);
        if (row.Blob is null)
        {
            var blob = await StoreAsync(row, id, cancellationToken);
            await projects.AddAsync(row.Project, [blob.Blob], cancellationToken);
            await table.CompleteAsync(id, blob);
            Forget(id);
            row = await FindAsync(dataset, id);
        }

        return Describe(row);
    }

    /// <summary>Throws away what is here. An upload that is complete keeps its blob for the commit to come.</summary>
    public async Task CancelAsync(Dataset dataset, Guid id)
    {
        await FindAsync(dataset, id);
        await table.DeleteAsync(id);
        Forget(id);
    }

    /// <summary>Throws away uploads that were given up, and files that no row knows.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var expired = await table.ExpiredAsync();
        foreach (var id in expired)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await table.DeleteAsync(id);
            Forget(id);
        }

        return expired.Count;
    }

    public void Dispose()
    {
        foreach (var id in _open.Keys)
        {
            Close(id);
        }
    }

    private async Task<BlobRef> StoreAsync(UploadRow row, Guid id, CancellationToken cancellationToken)
    {
        // Killed after the bytes became a blob and before that was written down.
        if (row.Sealed is not null && BlobId.Parse(row.Sealed) is var whole && await blobs.ExistsAsync(whole, cancellationToken))
        {
            return new BlobRef { Blob = whole, Bytes = row.Bytes };
        }

        using var turn = await EnterAsync(row, id, cancellationToken);
        if (turn.File.Length < row.Bytes)
        {
            throw new ConflictException($"{row.Bytes - turn.File.Length} bytes of the file are not here yet. Send them from offset {turn.File.Length}.");
        }

        var blob = turn.File.Describe();
        if (row.Sha256 is not null && row.Sha256 != blob.Blob.Hex)
        {
            Forget(id);
            await table.DeleteAsync(id);
            throw new InvalidException($"The file was announced as sha256:{row.Sha256} and is {blob.Blob}: it was changed while it was sent. Upload it again.");
        }

        await table.SealAsync(id, blob);
        return await turn.File.CompleteAsync(cancellationToken);
    }

    private async Task<UploadRow> FindAsync(Dataset dataset, Guid id) => await table.FindAsync(dataset.Id, id)
        ?? throw new NotFoundException($"Dataset '{dataset.Name}' has no upload {id} (any more). Begin one with POST .../uploads.");

    private Upload Describe(UploadRow row) => row.ToUpload(
        row.Blob is not null ? row.Bytes : _open.TryGetValue(Guid.Parse(row.Id), out var file) ? file.Length : row.Durable);

    private async Task<Turn> EnterAsync(UploadRow row, Guid id, CancellationToken cancellationToken)
    {
        var file = _open.GetOrAdd(id, _ => Stage(id));
        // A connection that was lost still writes down what came of it.
        if (!await file.EnterAsync(Patience, cancellationToken))
        {
            throw new ConflictException("Another connection is sending this file. If it is a lost one, try again in a moment.");
        }

        try
        {
            // What this process wrote it knows; after a restart, or when another node went on, only what is durable counts.
            if (!file.IsKnown || file.Length < row.Durable)
            {
                if (row.Durable > 0 && !file.IsThere)
                {
                    throw new ConflictException(
                        $"The first {row.Durable} bytes of the upload lie on another node, or its folder was removed. Send the rest to that node, or cancel the upload and begin it again.");
                }

                await file.ResumeAsync(row.Durable, cancellationToken);
            }
        }
        catch
        {
            file.Leave();
            throw;
        }

        Trim();
        return new Turn(file);
    }

    // What is not kept in memory is hashed again when it goes on.
    private void Trim()
    {
        foreach (var (id, file) in _open)
        {
            if (_open.Count > KeptOpen && file.TryEnter())
            {
                Close(id);
            }
        }
    }

    private void Forget(Guid id)
    {
        Stage(id).Delete();
        _open.TryRemove(id, out _);
    }

    private StagedBlob Stage(Guid id) => blobs.Stage(id.ToString("N"));

    private void Close(Guid id)
    {
        if (_open.TryRemove(id, out var file))
        {
            file.Dispose();
        }
    }

    private readonly record struct Turn(StagedBlob File) : IDisposable
    {
        public void Dispose() => File.Leave();
    }
}
