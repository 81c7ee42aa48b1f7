using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Datasets.Imports;

/// <summary>Tells addresses of the public internet from those of this machine and its networks, which a stranger's link must not reach.</summary>
internal sealed class SafeAddresses(IEnumerable<string> allowed)
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    // All of the public internet of version 6 lies here; what translates to version 4 does not.
    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");
    private readonly IPNetwork[] _allowed = [.. allowed.Select(Parse)];

    public bool IsAllowed(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_allowed, network => network.Contains(address))
            || ((address.AddressFamily == AddressFamily.InterNetwork || Public6.Contains(address)) && !Array.Exists(NotPublic, network => network.Contains(address)));
    }

    private static IPNetwork Parse(string network) => IPNetwork.TryParse(network, out var parsed)
        ? parsed
        : throw new InvalidException($"Datasets:Imports:AllowedNetworks holds '{network}', which is no network. Write it like 10.1.0.0/16.");
}
