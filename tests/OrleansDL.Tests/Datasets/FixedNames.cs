using System.Collections.Concurrent;
using System.Net;
using OrleansDL.Datasets.Imports;

namespace OrleansDL.Tests.Datasets;

/// <summary>Names and their addresses as a test says; a DNS server of one's own could say the same.</summary>
internal sealed class FixedNames : INameResolver
{
    public ConcurrentDictionary<string, IPAddress[]> Addresses { get; } = new(StringComparer.Ordinal);

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Task.FromResult(Addresses[host]);
}
