using Microsoft.Extensions.Logging;

namespace OrleansDL.Blobs;

/// <summary>Opens the backend that a location names.</summary>
internal static class BlobBackends
{
    /// <exception cref="InvalidException">The location is an address of no kind we know.</exception>
    public static IBlobBackend Open(string location, S3Options s3, BlobCache cache, ILogger logger)
    {
        if (S3Address.Is(location))
        {
            // Networks and signatures know the machine's own time only.
            return new S3Backend(S3Address.Parse(location), s3, cache, TimeProvider.System, logger);
        }

        return location.Contains("://", StringComparison.Ordinal)
            ? throw new InvalidException($"'{location}' names no blob store. Give a folder, or s3://BUCKET/PREFIX.")
            : new LocalFolder(location);
    }
}
