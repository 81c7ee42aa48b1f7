using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Datasets.Push;

/// <summary>Sends one large file, and goes on where it was when the connection, the node or this process went away.</summary>
internal sealed class LargeFile(UploadsClient uploads, string dataset, TimeProvider time)
{
    // A node that is started again is there within this many tries; progress begins the count anew.
    private const int Attempts = 20;
    private const int BufferSize = 512 * 1024;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    public async Task<BlobId> SendAsync(PushedFile file, Action<long> sent, CancellationToken cancellationToken)
    {
        var local = file.Local;
        var spec = new UploadSpec { Bytes = local.Bytes, Sha256 = file.Blob, Key = Key(local) };
        var upload = await uploads.BeginAsync(dataset, spec, cancellationToken);
        var resumed = upload.Offset > 0;
        sent(upload.Offset);
        upload = await SendRestAsync(local, upload, sent, cancellationToken);
        local.CheckUnchanged();
        upload = await uploads.CompleteAsync(dataset, upload.Id, cancellationToken);
        if (resumed && file.Blob is null && FileDigest.Of(local, _ => { }, cancellationToken) != upload.Blob)
        {
            // What an earlier push sent was of a file that looked the same and was not.
            await uploads.CancelAsync(dataset, upload.Id, cancellationToken);
            throw new ConflictException($"What is here of '{local.Name}' from an earlier push is of other bytes; it was thrown away. Push again.");
        }

        return upload.Blob ?? throw new ConflictException($"The server holds all of '{local.Name}' and did not store it. Push again.");
    }

    private async Task<Upload> SendRestAsync(LocalFile local, Upload upload, Action<long> sent, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        for (var attempt = 1; upload.Offset < upload.Bytes && upload.Blob is null;)
        {
            var (from, reported) = (upload.Offset, 0L);
            try
            {
                using var piece = new UploadContent((target, cancel) => CopyAsync(local, from, target, bytes =>
                {
                    reported += bytes;
                    sent(bytes);
                }, cancel), local.Bytes - from);
                upload = await uploads.AppendAsync(dataset, upload.Id, from, piece, cancellationToken);
            }
            catch (Exception lost) when (attempt < Attempts && lost is UnreachableException or HttpRequestException or ConflictException or NoCapacityException or UnexpectedAnswerException)
            {
                await Task.Delay(pause, time, cancellationToken);
                if (await AskAsync(upload, cancellationToken) is not { } now)
                {
                    throw;
                }

                upload = now;
                sent(upload.Offset - from - reported);
                (attempt, pause) = upload.Offset > from ? (1, TimeSpan.FromMilliseconds(100)) : (attempt + 1, pause * 2 < LongestPause ? pause * 2 : LongestPause);
            }
        }

        return upload;
    }

    /// <summary>Where to go on; null when the upload is not there any more.</summary>
    private async Task<Upload?> AskAsync(Upload upload, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await uploads.GetAsync(dataset, upload.Id, cancellationToken);
            }
            catch (NotFoundException)
            {
                return null;
            }
            catch (UnreachableException) when (attempt < Attempts)
            {
                await Task.Delay(LongestPause, time, cancellationToken);
            }
        }
    }

    private static async Task CopyAsync(LocalFile local, long offset, Stream target, Action<long> sent, CancellationToken cancellationToken)
    {
        using var handle = File.OpenHandle(local.Name, options: FileOptions.SequentialScan);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (offset < local.Bytes)
            {
                var read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, local.Bytes - offset)), offset);
                if (read == 0)
                {
                    local.CheckUnchanged();
                    throw new ConflictException($"'{local.Name}' is shorter than it was. Push again.");
                }

                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                offset += read;
                sent(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The same file, untouched since: what came of it with an earlier push counts.
    private static string Key(LocalFile local) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        FormattableString.Invariant($"{local.Path}\n{local.Bytes}\n{local.Modified.Ticks}"))).AsSpan(0, 16));
}
