using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Blobs;

/// <summary>Objects lie in a bucket of an S3-compatible store. What is read is kept in this machine's cache, in blocks.</summary>
internal sealed partial class S3Backend : IBlobBackend, IDisposable
{
    /// <summary>What is fetched and cached at once: 4 MiB.</summary>
    public const int BlockBytes = 4 << 20;

    private const int PartsAtOnce = 4;
    private const int KeysPerDelete = 1000;
    private const int MostLengths = 100_000;
    private readonly S3Address _address;
    private readonly S3Options _options;
    private readonly BlobCache _cache;
    private readonly S3Calls _calls;
    private readonly ILogger _logger;
    private readonly AmazonS3Client _client;
    private readonly ConcurrentDictionary<string, long> _lengths = new(StringComparer.Ordinal);

    public S3Backend(S3Address address, S3Options options, BlobCache cache, TimeProvider time, ILogger logger)
    {
        _address = address;
        _options = options;
        _cache = cache;
        _logger = logger;
        _calls = new S3Calls(Where, options, time, logger);
        _client = S3Clients.Create(options);
    }

    public string Where => _address.ToString();

    public string Incoming => _cache.Incoming;

    public bool IsLocal => false;

    public string? FileOf(string key) => null;

    public async Task<long?> LengthAsync(string key, CancellationToken cancellationToken)
    {
        var found = await _calls.RunAsync(
            $"HEAD {key}", 0, clock => _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = _address.Bucket, Key = Key(key) }, clock.Token), cancellationToken);
        return found?.ContentLength;
    }

    public async Task<IBlobObject?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        if (!_lengths.TryGetValue(key, out var length))
        {
            // The first block tells the length too, so that most objects cost one request.
            var found = _cache.Find(BlockName(key, 0)) is null
                ? await FirstBlockAsync(key, cancellationToken) ?? await LengthAsync(key, cancellationToken)
                : await LengthAsync(key, cancellationToken);
            if (found is not { } known)
            {
                return null;
            }

            Remember(key, length = known);
        }

        return new S3Object(this, key, length);
    }

    public async Task WriteAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var content = bytes.ToArray();
        await _calls.RunAsync(
            $"PUT {key}", content.Length,
            async clock =>
            {
                using var stream = new MemoryStream(content, writable: false);
                return await _client.PutObjectAsync(Put(key, request => request.InputStream = stream), clock.Token);
            },
            cancellationToken);
    }

    public async Task UploadAsync(string file, string key, CancellationToken cancellationToken)
    {
        var length = new FileInfo(file).Length;
        if (length <= _options.PartBytes)
        {
            await _calls.RunAsync($"PUT {key}", length, clock => _client.PutObjectAsync(Put(key, request => request.FilePath = file), clock.Token), cancellationToken);
        }
        else
        {
            await UploadPartsAsync(file, key, length, cancellationToken);
        }
    }

    public async Task SettleAsync(string file, string key, CancellationToken cancellationToken)
    {
        // A sweep may have taken it after it was sent and before its row was locked.
        var length = new FileInfo(file).Length;
        if (await LengthAsync(key, cancellationToken) != length)
        {
            await UploadAsync(file, key, cancellationToken);
            if (await LengthAsync(key, cancellationToken) != length)
            {
                throw new NoCapacityException($"The blob store {Where} did not keep '{key}' as it was sent. Try again; if it stays so, check the store.");
            }
        }
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        foreach (var batch in keys.Chunk(KeysPerDelete))
        {
            var request = new DeleteObjectsRequest { BucketName = _address.Bucket, Quiet = true, Objects = [.. batch.Select(key => new KeyVersion { Key = Key(key) })] };
            await _calls.RunAsync($"DELETE of {batch.Length} objects", 0, clock => _client.DeleteObjectsAsync(request, clock.Token), cancellationToken);
            foreach (var key in batch)
            {
                _lengths.TryRemove(key, out _);
            }
        }
    }

    public async Task<SweptBlobs> AbandonUploadsAsync(DateTimeOffset begunBefore, bool dryRun, CancellationToken cancellationToken)
    {
        var abandoned = new SweptBlobs();
        var request = new ListMultipartUploadsRequest { BucketName = _address.Bucket, Prefix = _address.Prefix };
        while (true)
        {
            ListMultipartUploadsResponse page;
            try
            {
                page = await _client.ListMultipartUploadsAsync(request, cancellationToken);
            }
            catch (Exception e) when (e is AmazonServiceException or HttpRequestException)
            {
                // Not every store can list them, or lets us; the next sweep asks again.
                LogUploads(_logger, Where, e.Message);
                return abandoned;
            }

            foreach (var upload in (page.MultipartUploads ?? []).Where(upload => upload.Initiated?.ToUniversalTime() < begunBefore.UtcDateTime))
            {
                abandoned = abandoned.Plus(1, 0);
                if (!dryRun)
                {
                    await AbortAsync(upload.Key[_address.Prefix.Length..], upload.UploadId);
                }
            }

            if (page.IsTruncated != true)
            {
                return abandoned;
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? from = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = _address.Bucket, Prefix = _address.Prefix, ContinuationToken = from };
            var page = await _calls.RunAsync("LIST", 0, clock => _client.ListObjectsV2Async(request, clock.Token), cancellationToken);
            foreach (var found in page?.S3Objects ?? [])
            {
                yield return new StoredObject(found.Key[_address.Prefix.Length..], found.Size ?? 0, found.LastModified?.ToUniversalTime() ?? DateTimeOffset.MinValue);
            }

            from = page?.NextContinuationToken;
        }
        while (from is not null);
    }

    /// <summary>A URL with which anyone can read an object, or write it, for a time.</summary>
    public async Task<Uri> PresignAsync(string key, bool write, DateTime until) => new(await _client.GetPreSignedURLAsync(new GetPreSignedUrlRequest
    {
        BucketName = _address.Bucket,
        Key = Key(key),
        Verb = write ? HttpVerb.PUT : HttpVerb.GET,
        Expires = until,
        Protocol = _options.Endpoint?.StartsWith("http:", StringComparison.Ordinal) == true ? Protocol.HTTP : Protocol.HTTPS,
    }));

    /// <summary>The file of the cache that holds a block of an object.</summary>
    /// <exception cref="FileNotFoundException">The object is gone.</exception>
    public Task<string> BlockAsync(string key, long block, long length, CancellationToken cancellationToken)
    {
        // Others may wait for the same block, so that one caller's end does not end it.
        var first = block * BlockBytes;
        var fetching = _cache.GetAsync(BlockName(key, block), async path =>
        {
            if (await DownloadAsync(key, first, Math.Min(BlockBytes, length - first), path, CancellationToken.None) is null)
            {
                _lengths.TryRemove(key, out _);
                throw new FileNotFoundException($"The object '{key}' is gone from {Where}.");
            }
        });
        return fetching.WaitAsync(cancellationToken);
    }

    /// <summary>Begins to fetch a block that is likely to be read next.</summary>
    public void Prefetch(string key, long block, long length) =>
        _ = BlockAsync(key, block, length, CancellationToken.None).ContinueWith(
            fetching => _ = fetching.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Drops what the cache holds of an object. Answers whether it held any.</summary>
    public bool Forget(string key, long length)
    {
        var held = false;
        for (long block = 0; block * BlockBytes < length; block++)
        {
            held |= _cache.Remove(BlockName(key, block));
        }

        return held;
    }

    public void Dispose() => _client.Dispose();

    private async Task<long?> FirstBlockAsync(string key, CancellationToken cancellationToken)
    {
        long? length = null;
        try
        {
            await _cache.GetAsync(BlockName(key, 0), async path =>
                length = await DownloadAsync(key, 0, null, path, cancellationToken) ?? throw new FileNotFoundException()).WaitAsync(cancellationToken);
        }
        catch (FileNotFoundException)
        {
            // There is no such object.
        }

        return length;
    }

    // Answers the object's whole length; null: there is no such object.
    private async Task<long?> DownloadAsync(string key, long first, long? bytes, string path, CancellationToken cancellationToken)
    {
        var found = await _calls.RunAsync(
            $"GET {key}", 0,
            async clock =>
            {
                using var answer = await GetAsync(key, first, first + (bytes ?? BlockBytes) - 1, clock.Token);
                var whole = answer is null ? 0 : WholeOf(answer);
                var expected = bytes ?? Math.Min(whole, BlockBytes);
                await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
                var received = 0L;
                var buffer = new byte[128 << 10];
                for (int read; answer is not null && (read = await answer.ResponseStream.ReadAsync(buffer, clock.Token)) > 0; clock.OnProgress())
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), clock.Token);
                    received += read;
                }

                return received == expected ? (long?)whole : throw new IOException($"the answer ended after {received} of {expected} bytes");
            },
            cancellationToken);
        return found;
    }

    private static long WholeOf(GetObjectResponse answer) =>
        answer.ContentRange is { } range && long.TryParse(range.AsSpan(range.IndexOf('/', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
            ? whole
            : throw new IOException("the answer is no part of an object: the store does not serve ranges");

    // Null: the object is empty, and no range of it can be asked for.
    private async Task<GetObjectResponse?> GetAsync(string key, long first, long last, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetObjectAsync(new GetObjectRequest { BucketName = _address.Bucket, Key = Key(key), ByteRange = new ByteRange(first, last) }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && first == 0)
        {
            return null;
        }
    }

    private async Task UploadPartsAsync(string file, string key, long length, CancellationToken cancellationToken)
    {
        var begun = await _calls.RunAsync(
            $"POST {key}", 0, clock => _client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = _address.Bucket, Key = Key(key) }, clock.Token), cancellationToken)
            ?? throw new NoCapacityException($"The blob store {Where} refused to begin '{key}'. Check that the bucket exists.");
        try
        {
            // 10,000 parts at most.
            var partBytes = Math.Max(_options.PartBytes, (length / 9000) + 1);
            var parts = new PartETag[(length + partBytes - 1) / partBytes];
            await Parallel.ForEachAsync(
                Enumerable.Range(0, parts.Length), new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = cancellationToken },
                async (part, cancel) => parts[part] = await UploadPartAsync(file, key, begun.UploadId, part, partBytes, length, cancel));
            await _calls.RunAsync(
                $"POST {key}", 0,
                clock => _client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest { BucketName = _address.Bucket, Key = Key(key), UploadId = begun.UploadId, PartETags = [.. parts] }, clock.Token),
                cancellationToken);
        }
        catch
        {
            await AbortAsync(key, begun.UploadId);
            throw;
        }
    }

    private async Task<PartETag> UploadPartAsync(string file, string key, string upload, int part, long partBytes, long length, CancellationToken cancellationToken)
    {
        var first = part * partBytes;
        var bytes = Math.Min(partBytes, length - first);
        var answer = await _calls.RunAsync(
            $"PUT part {part + 1} of {key}", bytes,
            clock => _client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = _address.Bucket,
                    Key = Key(key),
                    UploadId = upload,
                    PartNumber = part + 1,
                    FilePath = file,
                    FilePosition = first,
                    PartSize = bytes,
                    UseChunkEncoding = false,
                },
                clock.Token),
            cancellationToken);
        return new PartETag(part + 1, answer?.ETag ?? throw new NoCapacityException($"The blob store {Where} lost the upload of '{key}'. Try again."));
    }

    private async Task AbortAsync(string key, string upload)
    {
        try
        {
            await _client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = _address.Bucket, Key = Key(key), UploadId = upload });
        }
        catch (Exception e) when (e is AmazonS3Exception or HttpRequestException or IOException)
        {
            // The store's own rule for unfinished uploads collects it (operations.md).
        }
    }

    // Signed as one piece: the signature holds the SHA-256 of what is sent, which the store checks.
    private PutObjectRequest Put(string key, Action<PutObjectRequest> fill)
    {
        var request = new PutObjectRequest { BucketName = _address.Bucket, Key = Key(key), UseChunkEncoding = false };
        fill(request);
        return request;
    }

    private void Remember(string key, long length)
    {
        if (_lengths.Count >= MostLengths)
        {
            _lengths.Clear();
        }

        _lengths[key] = length;
    }

    private string Key(string key) => _address.Prefix + key;

    // Names of the cache begin with digits that spread: packs/ab/cdef is abcdef.pack.
    private static string BlockName(string key, long block)
    {
        var parts = key.Split('/');
        var name = parts is [var kind, var first, var rest] ? $"{first}{rest}.{kind}" : parts is ["uploads", var upload] ? $"{upload}.uploads" : string.Concat(parts);
        return string.Create(CultureInfo.InvariantCulture, $"{name}.{block}");
    }

    [LoggerMessage(LogLevel.Information, "The blob store {Where} did not list its unfinished uploads ({Reason}); a rule of the bucket should end those")]
    private static partial void LogUploads(ILogger logger, string where, string reason);
}
