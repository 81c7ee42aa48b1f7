using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Nodes;

/// <summary>
/// Notices a silo whose process has ended by its connections, which close at once, long before it has missed its probes: it is declared dead, and what
/// waits for its answers is told.
/// </summary>
/// <remarks>Only its machine's word counts, that nobody listens there any more. A machine that says nothing is left to the probes.</remarks>
internal sealed partial class BrokenConnections(IServiceProvider services, IHostApplicationLifetime host, TimeProvider time, ILogger<BrokenConnections> logger)
{
    /// <summary>Pauses before each look: a process that ends closes its connections and its port one after the other.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 0, 20, 50, 100, 200, 500 }.Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds))];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What closes sooner was never in use: such a look of another server, which must not be answered by one.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1.5);
    private readonly ConcurrentDictionary<SiloAddress, bool> _looked = new();

    /// <summary>Looks at the silo at the other end when a connection has closed.</summary>
    public void Watch(IConnectionBuilder connections) => connections.Use(next => async connection =>
    {
        var (other, began) = (connection.RemoteEndPoint as IPEndPoint, time.GetTimestamp());
        try
        {
            await next(connection);
        }
        finally
        {
            if (other is not null && time.GetElapsedTime(began) >= Shortest && !host.ApplicationStopping.IsCancellationRequested)
            {
                OnClosed(other);
            }
        }
    });

    // One that came in is from any port of the other's address; sockets for both kinds of address name IPv4's as IPv6's.
    private void OnClosed(IPEndPoint other)
    {
        var address = other.Address.IsIPv4MappedToIPv6 ? other.Address.MapToIPv4() : other.Address;
        var (membership, own) = (services.GetRequiredService<IClusterMembershipService>(), services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        var active = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active && member.SiloAddress.Endpoint.Address.Equals(address) && !member.SiloAddress.Equals(own))
            .Select(member => member.SiloAddress).ToList();
        var silos = active.Exists(silo => silo.Endpoint.Port == other.Port) ? active.FindAll(silo => silo.Endpoint.Port == other.Port) : active;
        foreach (var silo in silos.Where(silo => _looked.TryAdd(silo, true)))
        {
            _ = Task.Run(() => LookAsync(membership, silo));
        }
    }

    private async Task LookAsync(IClusterMembershipService membership, SiloAddress silo)
    {
        try
        {
            foreach (var pause in Pauses)
            {
                await Task.Delay(pause, time, host.ApplicationStopping);
                if (!await IsRefusedAsync(silo.Endpoint))
                {
                    continue;
                }

                // One that took its leave has said so before it went.
                await membership.Refresh();
                if (membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Active && await membership.TryKill(silo))
                {
                    LogEnded(silo);
                }

                return;
            }
        }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            LogNotLooked(silo, error);
        }
        finally
        {
            _looked.TryRemove(silo, out _);
        }
    }

    private async Task<bool> IsRefusedAsync(IPEndPoint address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await socket.ConnectAsync(address, limit.Token);
            return false;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode is SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Nobody listens at {Silo} any more: its process has ended, and it is out of the cluster")]
    private partial void LogEnded(SiloAddress silo);

    [LoggerMessage(LogLevel.Warning, "Whether the process of {Silo} has ended is not known; the probes will tell")]
    private partial void LogNotLooked(SiloAddress silo, Exception exception);
}
