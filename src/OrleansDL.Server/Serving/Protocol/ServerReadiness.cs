using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace OrleansDL.Serving.Protocol;

/// <summary>Whether this front can answer: it is up, is not going down, and knows the routes.</summary>
internal sealed class ServerReadiness(RouteSync sync, IHostApplicationLifetime lifetime)
{
    public static string Version { get; } = typeof(ServerReadiness).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public bool IsReady => sync.Loaded && lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
}
