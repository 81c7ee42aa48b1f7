using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Uploads;

namespace OrleansDL.Datasets.Imports;

/// <summary>Gets an object's bytes however often the source fails, as long as it goes on in between.</summary>
internal sealed class ImportFetch(BlobStore blobs, IOptions<ImportOptions> options, IOptions<UploadLimits> uploads, TimeProvider time)
{
    private const int Attempts = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    /// <summary>Into a file of this node, which goes on after a restart where it was durable.</summary>
    public async Task IntoAsync(
        StagedBlob staged, long begun, Uri source, ISourceReader reader, ImportObject pinned, Func<Task> pin, Func<long, Task> durable, CancellationToken cancellationToken)
    {
        await staged.ResumeAsync(begun, cancellationToken);
        await RepeatAsync(source, () => staged.Length, async () =>
        {
            if (pinned.Bytes >= 0 && staged.Length == pinned.Bytes)
            {
                return;
            }

            await using var body = await reader.OpenAsync(source, pinned, staged.Length, cancellationToken);
            if (body.Offset != staged.Length || !IsSame(pinned, body.Found))
            {
                // The whole comes again, of what the source has now: nothing older may be mixed with it.
                if (body.Offset > 0)
                {
                    (pinned.Etag, pinned.Modified) = (null, null);
                    await staged.ResumeAsync(0, cancellationToken);
                    throw new SourceLostException("It is another file now.");
                }

                await staged.ResumeAsync(0, cancellationToken);
            }

            (pinned.Etag, pinned.Modified, pinned.VersionId, pinned.Bytes) = (body.Found.Etag, body.Found.Modified, body.Found.VersionId, body.Found.Bytes);
            if (pinned.Bytes > options.Value.MaximumBytes)
            {
                throw new TooLargeException($"'{source.Host}' wants to send {pinned.Bytes} bytes; {options.Value.MaximumBytes} are allowed (Datasets:Imports:MaximumBytes).");
            }

            await pin();
            await staged.AppendAsync(new QuietStream(body.Content, options.Value.Silence), options.Value.MaximumBytes, uploads.Value.DurableEvery, durable, cancellationToken);
            CheckWhole(pinned, staged.Length);
        }, cancellationToken);
    }

    /// <summary>Into the blob store.</summary>
    public async Task<BlobRef> IntoStoreAsync(Uri source, ISourceReader reader, ImportObject pinned, CancellationToken cancellationToken)
    {
        await using var writer = blobs.Create();
        await CopyAsync(writer, () => writer.Position, source, reader, pinned, cancellationToken);
        return await writer.CompleteAsync(cancellationToken);
    }

    public async Task<ReadOnlyMemory<byte>> IntoMemoryAsync(Uri source, ISourceReader reader, ImportObject pinned, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream((int)pinned.Bytes);
        await CopyAsync(bytes, () => bytes.Position, source, reader, pinned, cancellationToken);
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private Task CopyAsync(Stream target, Func<long> length, Uri source, ISourceReader reader, ImportObject pinned, CancellationToken cancellationToken) =>
        RepeatAsync(source, length, async () =>
        {
            if (length() < pinned.Bytes)
            {
                await using var body = await reader.OpenAsync(source, pinned, length(), cancellationToken);
                pinned.VersionId ??= body.Found.VersionId;
                await new QuietStream(body.Content, options.Value.Silence).CopyToAsync(target, cancellationToken);
            }

            CheckWhole(pinned, length());
        }, cancellationToken);

    private async Task RepeatAsync(Uri source, Func<long> length, Func<Task> attempt, CancellationToken cancellationToken)
    {
        for (var (failures, pause) = (0, FirstPause); ;)
        {
            var before = length();
            try
            {
                await attempt();
                return;
            }
            catch (Exception lost) when (!cancellationToken.IsCancellationRequested && lost is SourceLostException or HttpRequestException or IOException or TaskCanceledException)
            {
                (failures, pause) = length() > before ? (1, FirstPause) : (failures + 1, pause * 2 < LongestPause ? pause * 2 : LongestPause);
                if (failures == Attempts)
                {
                    throw new InvalidException($"'{source.GetLeftPart(UriPartial.Authority)}' failed {Attempts} times without going on: {lost.Message.TrimEnd('.')}. Import again when it answers.");
                }

                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    private static bool IsSame(ImportObject pinned, ImportObject found) => pinned switch
    {
        { Etag: { } etag } => found.Etag == etag,
        { Modified: { } modified } => found.Modified == modified,
        _ => false,
    };

    private static void CheckWhole(ImportObject pinned, long length)
    {
        if (pinned.Bytes >= 0 && length != pinned.Bytes)
        {
            throw new SourceLostException($"It ended after {length} of {pinned.Bytes} bytes");
        }
    }
}
