using System.CommandLine;
using System.Text.Json;

namespace OrleansDL;

/// <summary>Where to call and as whom. What is said on the command line wins, then the node's folder, then the environment.</summary>
internal sealed record Connection(Uri Url, string? Token, string Project)
{
    public const string DefaultFolder = "odl-data";
    private const string AddressFile = "node.json";
    private const string TokenFile = "admin.token";
    private static readonly Uri DefaultUrl = new("http://127.0.0.1:8080");

    public static Connection Find(ParseResult parsed) => Find(
        parsed.GetValue(GlobalOptions.Data),
        parsed.GetValue(GlobalOptions.Url),
        parsed.GetValue(GlobalOptions.Token),
        parsed.GetValue(GlobalOptions.Project),
        Environment.GetEnvironmentVariable);

    public static Connection Find(string? data, string? url, string? token, string? project, Func<string, string?> environment)
    {
        if (data is not null && !Directory.Exists(data))
        {
            throw new NotFoundException($"There is no folder '{data}'. 'odl up --data {data}' starts a node in it.");
        }

        // A folder named on the command line outweighs the environment; one that merely lies here does not.
        var nearby = environment("ODL_DATA") ?? DefaultFolder;
        url ??= UrlIn(data) ?? environment("ODL_URL") ?? UrlIn(nearby);
        token ??= TokenIn(data) ?? environment("ODL_TOKEN") ?? TokenIn(nearby);
        return new Connection(url is null ? DefaultUrl : Parse(url), token, project ?? environment("ODL_PROJECT") ?? Projects.Project.Default);
    }

    private static Uri Parse(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
            ? parsed
            : throw new InvalidException($"'{url}' is no address of a node. An address reads like {DefaultUrl.GetLeftPart(UriPartial.Authority)}.");

    private static string? UrlIn(string? folder)
    {
        if (folder is null || !File.Exists(Path.Combine(folder, AddressFile)))
        {
            return null;
        }

        using var node = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, AddressFile)));
        return node.RootElement.TryGetProperty("url", out var url) ? url.GetString() : null;
    }

    private static string? TokenIn(string? folder)
    {
        var file = folder is null ? null : Path.Combine(folder, TokenFile);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
