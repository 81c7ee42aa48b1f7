using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Blobs;

/// <summary>Calls an S3-compatible store: an error that may pass, a stall or a truncated answer is met by asking again, after a wait that doubles.</summary>
internal sealed partial class S3Calls(string where, S3Options options, TimeProvider time, ILogger logger)
{
    private const int SlowestBytesPerSecond = 256 << 10;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Calls until it succeeds or the retries are used up.</summary>
    /// <param name="what">For messages, for example <c>GET ab/cdef</c>.</param>
    /// <param name="bytes">How much is sent: it may take longer.</param>
    /// <param name="call">The call; its token is cancelled when it makes no progress.</param>
    /// <returns>The answer, or null when there is no such object.</returns>
    /// <exception cref="NoCapacityException">The store does not answer, or refuses.</exception>
    public async Task<T?> RunAsync<T>(string what, long bytes, Func<StallClock, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var clock = new StallClock(options.StallTimeout + TimeSpan.FromSeconds(bytes / (double)SlowestBytesPerSecond), time, cancellationToken);
            try
            {
                return await call(clock);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode is not "NoSuchBucket")
            {
                return default;
            }
            catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.InsufficientStorage)
            {
                throw new OutOfSpaceException($"The blob store {where} is full: {e.Message}. Free space in it and try again.");
            }
            catch (Exception e) when (MayPass(e, clock, cancellationToken))
            {
                if (attempt >= options.Retries)
                {
                    throw new NoCapacityException($"The blob store {where} did not answer {what} in {attempt + 1} attempts: {Reason(e, clock)}. Check that it is up and reachable, and try again.");
                }

                var wait = FirstWait * Math.Pow(2, attempt) * (0.5 + Random.Shared.NextDouble());
                LogAgain(what, where, attempt + 1, Reason(e, clock));
                await Task.Delay(wait < LongestWait ? wait : LongestWait, time, cancellationToken);
            }
            catch (AmazonServiceException e)
            {
                throw new NoCapacityException($"The blob store {where} refused {what}: {e.ErrorCode ?? e.StatusCode.ToString()}, {e.Message} Check the bucket, its region and the credentials (Blobs:S3 in operations.md).");
            }
            catch (AmazonClientException e)
            {
                throw new NoCapacityException($"The blob store {where} cannot be called: {e.Message} Check the settings under Blobs:S3 (operations.md).");
            }
        }
    }

    private static bool MayPass(Exception e, StallClock clock, CancellationToken cancellationToken) => !cancellationToken.IsCancellationRequested && e switch
    {
        AmazonServiceException service => service.StatusCode is 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
            || service.ErrorCode is "RequestTimeout" or "SlowDown" or "BadDigest",
        HttpRequestException or IOException => true,
        OperationCanceledException => clock.HasStalled,
        _ => clock.HasStalled,
    };

    private static string Reason(Exception e, StallClock clock) => clock.HasStalled ? "it made no progress" : e.Message;

    [LoggerMessage(LogLevel.Warning, "{What} of the blob store {Store} failed {Attempts} times and is tried again: {Reason}")]
    private partial void LogAgain(string what, string store, int attempts, string reason);
}
