using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace OrleansDL.Datasets.Imports;

/// <summary>Objects of an S3-compatible store: one, or all below a prefix, pinned by their ETags.</summary>
internal sealed class S3Source(IOptions<ImportOptions> options) : ISourceReader, IDisposable
{
    private readonly Lazy<AmazonS3Client> _client = new(() => Create(options.Value));

    public async IAsyncEnumerable<ImportObject> ListAsync(Uri source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (bucket, key) = Parse(source);
        if (key.Length > 0 && !key.EndsWith('/'))
        {
            yield return await LookAsync(source, cancellationToken)
                ?? throw new NotFoundException($"There is no object '{source}'. Everything below a prefix is meant by a '/' at the end.");
            yield break;
        }

        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = key, ContinuationToken = next };
            var page = await AskAsync(source, () => _client.Value.ListObjectsV2Async(request, cancellationToken), cancellationToken);
            foreach (var found in page.S3Objects ?? [])
            {
                // What stands for a folder holds nothing.
                if (!found.Key.EndsWith('/'))
                {
                    yield return new ImportObject { Name = found.Key, Etag = found.ETag, Bytes = found.Size ?? 0 };
                }
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public string UriOf(Uri source, ImportObject found) => $"s3://{source.Host}/{found.Name}";

    public async Task<SourceBody> OpenAsync(Uri source, ImportObject pinned, long offset, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = source.Host, Key = pinned.Name, VersionId = pinned.VersionId, EtagToMatch = pinned.Etag };
        if (offset > 0)
        {
            request.ByteRange = new ByteRange(FormattableString.Invariant($"bytes={offset}-"));
        }

        GetObjectResponse answer;
        try
        {
            answer = await _client.Value.GetObjectAsync(request, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound)
        {
            throw new ConflictException($"'{UriOf(source, pinned)}' was changed or removed while it was imported. Import again.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            throw Failure(source, e);
        }

        var found = new ImportObject { Name = pinned.Name, Etag = answer.ETag, VersionId = answer.VersionId, Bytes = pinned.Bytes };
        return new SourceBody(new AnswerStream(answer, answer.ResponseStream), offset, found);
    }

    public async Task<ImportObject?> LookAsync(Uri uri, CancellationToken cancellationToken)
    {
        var (bucket, key) = Parse(uri);
        try
        {
            var found = await AskAsync(
                uri, () => _client.Value.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key }, cancellationToken), cancellationToken);
            return new ImportObject { Name = key, Etag = found.ETag, VersionId = found.VersionId, Bytes = found.ContentLength };
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    /// <summary>The bucket and the key as it is, without the escapes an address needs.</summary>
    private static (string Bucket, string Key) Parse(Uri source) =>
        (source.Host, source.OriginalString[("s3://".Length + source.Host.Length)..].TrimStart('/'));

    // A list or a look is repeated here; bytes are repeated from where they broke off by who reads them.
    private static async Task<T> AskAsync<T>(Uri source, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ask();
            }
            catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotFound)
            {
                throw;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
            {
                var failure = Failure(source, e);
                if (failure is not SourceLostException || attempt == 6)
                {
                    throw failure is SourceLostException ? new InvalidException(failure.Message) : failure;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100 << attempt), cancellationToken);
            }
        }
    }

    private static Exception Failure(Uri source, Exception e) => e is AmazonServiceException { StatusCode: not 0 and < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests and not HttpStatusCode.RequestTimeout } refused
        ? new InvalidException($"The store refused s3://{source.Host}: {refused.ErrorCode ?? refused.StatusCode.ToString()}, {refused.Message} Check the bucket and the keys in Datasets:Imports:S3.")
        : new SourceLostException($"s3://{source.Host} cannot be reached: {e.Message}", e);

    private static AmazonS3Client Create(ImportOptions options)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.S3.PathStyle,
            MaxErrorRetry = 0,

            // Many stores do not know Amazon's newer checksums; every byte is hashed here.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        var region = options.S3.Region ?? "us-east-1";
        if (options.S3.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint;
            config.AuthenticationRegion = region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return options switch
        {
            { S3Anonymous: true } => new AmazonS3Client(new AnonymousAWSCredentials(), config),
            { S3: { AccessKey: { } access, SecretKey: { } secret } } => new AmazonS3Client(new BasicAWSCredentials(access, secret), config),
            _ => new AmazonS3Client(config),
        };
    }
}
