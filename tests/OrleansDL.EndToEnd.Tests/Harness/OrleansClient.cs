using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Harness;

/// <summary>A .NET program outside the cluster that calls grains through a server's gateway.</summary>
internal sealed class OrleansClient : IAsyncDisposable
{
    private readonly IHost _host;

    private OrleansClient(IHost host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host.Services;

    public static async Task<OrleansClient> ConnectAsync(OdlOptions server)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, server.GatewayPort))
            .Configure<ClusterOptions>(options =>
            {
                options.ClusterId = "orleansdl";
                options.ServiceId = "orleansdl";
            }));
        var host = builder.Build();
        await host.StartAsync();
        return new OrleansClient(host);
    }

    /// <summary>Makes calls that follow in this flow carry a token; null for none.</summary>
    public static void Use(string? token)
    {
        if (token is null)
        {
            RequestContext.Remove(Credentials.RequestContextKey);
        }
        else
        {
            RequestContext.Set(Credentials.RequestContextKey, token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
