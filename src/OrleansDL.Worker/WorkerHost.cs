using Microsoft.Extensions.Hosting;
using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL;

/// <summary>The worker role: trainer and replica grains of one device.</summary>
public static class WorkerHost
{
    /// <summary>Adds the services of the worker role to a host that already is a node.</summary>
    public static void AddWorker(this IHostApplicationBuilder builder) => builder.Services.AddWorkerTraining().AddWorkerServing();
}
