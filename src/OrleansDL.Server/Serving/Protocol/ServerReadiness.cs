using System.Reflection;
using Microsoft.Extensions.Hosting;
using OrleansDL.Serving.Repository;

namespace OrleansDL.Serving.Protocol;

/// <summary>Whether this front can answer: it is up, is not going down, knows the routes, and has loaded its model repository.</summary>
internal sealed class ServerReadiness(RouteSync sync, RepositoryStart repository, IHostApplicationLifetime lifetime)
{
    public static string Version { get; } = typeof(ServerReadiness).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public bool IsReady => sync.Loaded && repository.IsReady && lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
}
