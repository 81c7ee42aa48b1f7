using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace OrleansDL.Datasets.Imports;

/// <summary>Asks strangers' web servers, and never one of our own networks: each connection goes to an address that was checked.</summary>
internal sealed class SourceHttp : IDisposable
{
    private const int MostRedirects = 10;
    private readonly HttpClient _http;
    private readonly AllowedSources _allowed;
    private readonly SafeAddresses _addresses;
    private readonly INameResolver _names;

    public SourceHttp(AllowedSources allowed, INameResolver names, IOptions<ImportOptions> options)
    {
        _allowed = allowed;
        _names = names;
        _addresses = new SafeAddresses(options.Value.AllowedNetworks);
        _http = new HttpClient(new SocketsHttpHandler
        {
            // Each hop is checked here; a proxy of the environment would connect to whatever it is told.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("OrleansDL", null));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>Asks, and follows redirects to hosts that are allowed too.</summary>
    /// <param name="uri">Where.</param>
    /// <param name="prepare">Sets method and headers; called for every hop.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<HttpResponseMessage> SendAsync(Uri uri, Action<HttpRequestMessage> prepare, CancellationToken cancellationToken)
    {
        for (var hop = 0; ; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            prepare(request);
            var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
            {
                return answer;
            }

            answer.Dispose();
            if (hop == MostRedirects)
            {
                throw new InvalidException($"'{uri.Host}' redirects more than {MostRedirects} times. Give the address of the file itself.");
            }

            var next = new Uri(uri, location);
            if (uri.Scheme == "https" && next.Scheme != "https")
            {
                throw new ForbiddenException($"'{uri.Host}' redirects from https to {next.Scheme}. Give an address that stays with https.");
            }

            uri = next.Scheme is "http" or "https"
                ? _allowed.Check(next.GetLeftPart(UriPartial.Query))
                : throw new ForbiddenException($"'{uri.Host}' redirects to {next.Scheme}://, which is not fetched from.");
        }
    }

    public void Dispose() => _http.Dispose();

    // Resolved once, and connected to exactly what was checked: a name that changes its address in between gains nothing.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _names.ResolveAsync(host, cancellationToken);
        var safe = addresses.Where(_addresses.IsAllowed).ToArray();
        if (safe.Length == 0)
        {
            throw new ForbiddenException(
                $"'{host}' has no public address: it leads into a private network, or to this machine. An administrator may allow a network in Datasets:Imports:AllowedNetworks.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(safe, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
