using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace OrleansDL.Blobs;

/// <summary>Makes clients of S3-compatible stores.</summary>
internal static class S3Clients
{
    public static AmazonS3Client Create(S3Options options)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,

            // Retries are ours: they also cover answers that stall or end early.
            MaxErrorRetry = 0,

            // Many stores do not know Amazon's newer checksums; bytes are checked by digest.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        var region = options.Region ?? Environment.GetEnvironmentVariable("AWS_REGION") ?? "us-east-1";
        if (options.Endpoint is { } endpoint)
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                throw new InvalidException($"Blobs:S3:Endpoint is '{endpoint}': give a URL such as https://minio.example:9000.");
            }

            config.ServiceURL = endpoint;
            config.AuthenticationRegion = region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return options is { AccessKey: { } access, SecretKey: { } secret }
            ? new AmazonS3Client(new BasicAWSCredentials(access, secret), config)
            : new AmazonS3Client(config);
    }
}
