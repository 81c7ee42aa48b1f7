using System.Net;

namespace OrleansDL.Datasets.Imports;

/// <summary>Finds the addresses of a host's name.</summary>
internal interface INameResolver
{
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}
