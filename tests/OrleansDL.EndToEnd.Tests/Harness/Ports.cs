using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Tests.Harness;

internal static class Ports
{
    /// <summary>Ports nobody listens on now. All are held together before any is let go, so they differ.</summary>
    public static int[] Free(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(listener => listener.Start());
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
