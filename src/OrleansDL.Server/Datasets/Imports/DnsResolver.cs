using System.Net;

namespace OrleansDL.Datasets.Imports;

/// <summary>Asks the machine's DNS.</summary>
internal sealed class DnsResolver : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}
