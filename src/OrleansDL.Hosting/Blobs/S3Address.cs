namespace OrleansDL.Blobs;

/// <summary>A bucket and what the keys of ours in it begin with (empty, or ending in <c>/</c>).</summary>
internal sealed record S3Address(string Bucket, string Prefix)
{
    private const string Scheme = "s3://";

    public static bool Is(string location) => location.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="InvalidException">The location is not <c>s3://BUCKET/PREFIX</c>.</exception>
    public static S3Address Parse(string location)
    {
        var (bucket, prefix) = location[Scheme.Length..].Split('/', 2) is [var first, var rest] ? (first, rest.Trim('/')) : (location[Scheme.Length..], "");
        if (bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') || prefix.Any(c => char.IsControl(c) || c is '?' or '#'))
        {
            throw new InvalidException($"'{location}' names no S3 bucket. Write s3://BUCKET or s3://BUCKET/PREFIX.");
        }

        return new S3Address(bucket, prefix.Length == 0 ? "" : prefix + "/");
    }

    public override string ToString() => $"{Scheme}{Bucket}/{Prefix}";
}
