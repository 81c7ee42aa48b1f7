using Microsoft.Extensions.Options;

namespace OrleansDL.Datasets.Imports;

/// <summary>The rule of what may be imported, by its address as it is written.</summary>
internal sealed class AllowedSources(IOptions<ImportOptions> options)
{
    /// <exception cref="InvalidException">It is no address that can be imported from.</exception>
    /// <exception cref="ForbiddenException">The configuration does not allow it.</exception>
    public Uri Check(string source)
    {
        if (!Uri.TryCreate(source, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http" or "s3") || uri.Host.Length == 0)
        {
            throw new InvalidException($"'{Shorten(source)}' is nothing to import from. Give https://host/file, s3://bucket/key or s3://bucket/prefix/.");
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new InvalidException("The source of an import holds a user, a password or a fragment ('#'). Leave it out: it would be kept with the version.");
        }

        if (uri.Scheme == "http" && !options.Value.AllowPlainHttp)
        {
            throw new ForbiddenException($"'{uri.Host}' is to be fetched over http://, whose bytes anyone on the way can change. Use https://, or set Datasets:Imports:AllowPlainHttp.");
        }

        var allowed = options.Value.AllowedHosts;
        if (allowed.Length == 0)
        {
            throw new ForbiddenException("This server imports from nowhere. An administrator names the hosts and buckets that may be fetched from in Datasets:Imports:AllowedHosts.");
        }

        return Array.Exists(allowed, entry => Fits(uri, entry))
            ? uri
            : throw new ForbiddenException($"'{(uri.Scheme == "s3" ? $"s3://{uri.Host}" : uri.Host)}' is not among the hosts this server imports from. An administrator adds it to Datasets:Imports:AllowedHosts.");
    }

    private static bool Fits(Uri uri, string entry)
    {
        if (uri.Scheme == "s3")
        {
            return entry == "s3://*" || string.Equals(entry.TrimEnd('/'), $"s3://{uri.Host}", StringComparison.Ordinal);
        }

        return entry.StartsWith("*.", StringComparison.Ordinal)
            ? uri.IdnHost.EndsWith(entry[1..], StringComparison.OrdinalIgnoreCase)
            : string.Equals(uri.IdnHost, entry, StringComparison.OrdinalIgnoreCase);
    }

    private static string Shorten(string source) => source.Length > 200 ? source[..200] + "..." : source;
}
