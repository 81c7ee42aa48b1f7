using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansDL.Access;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Identity;

/// <summary>An Orleans client that comes in through the gateway, as any program outside the cluster does.</summary>
internal sealed class OutsideClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly IHost _host;

    private OutsideClient(IHost host) => _host = host;

    public static async Task<OutsideClient> ConnectAsync(int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort))
            .Configure<ClusterOptions>(options =>
            {
                options.ClusterId = "orleansdl";
                options.ServiceId = "orleansdl";
            }));
        var host = builder.Build();
        await host.StartAsync();
        return new OutsideClient(host);
    }

    /// <summary>Calls a method with meaningless arguments; answers how it was refused, or null when the call got past the door.</summary>
    public async Task<OrleansDLException?> CallAsync(Type grain, MethodInfo method, string? token)
    {
        var factory = _host.Services.GetRequiredService<IGrainFactory>();
        var reference = typeof(IGrainWithGuidKey).IsAssignableFrom(grain)
            ? factory.GetGrain(grain, Guid.CreateVersion7())
            : factory.GetGrain(grain, "default");
        if (token is null)
        {
            RequestContext.Remove(Credentials.RequestContextKey);
        }
        else
        {
            RequestContext.Set(Credentials.RequestContextKey, token);
        }

        try
        {
            await ((Task)method.Invoke(reference, [.. method.GetParameters().Select(Argument)])!).WaitAsync(Patience);
            return null;
        }
        catch (Exception e) when (e is UnauthorizedException or ForbiddenException)
        {
            return (OrleansDLException)e;
        }
        catch (Exception e) when (e is not TimeoutException)
        {
            // The method itself had something against its arguments: the call got past the door.
            return null;
        }
    }

    /// <summary>Asks Orleans' own management grain for the silos.</summary>
    /// <param name="token">The token shown, if any.</param>
    /// <param name="mark">What is shown as the cluster's own secret, if anything.</param>
    public async Task<int> CountSilosAsync(string? token, string? mark = null)
    {
        RequestContext.Clear();
        if (token is not null)
        {
            RequestContext.Set(Credentials.RequestContextKey, token);
        }

        if (mark is not null)
        {
            RequestContext.Set(InsideMark.Key, mark);
        }

        var silos = await _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).WaitAsync(Patience);
        return silos.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static object? Argument(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        return type == typeof(string) ? "no-such-thing"
            : type.IsValueType ? Activator.CreateInstance(type)
            : type.IsInterface || type.IsArray ? null
            : RuntimeHelpers.GetUninitializedObject(type);
    }
}
