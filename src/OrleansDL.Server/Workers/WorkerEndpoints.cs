using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Training;

namespace OrleansDL.Workers;

internal static class WorkerEndpoints
{
    public static void MapWorkers(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/workers", async (WorkerList workers) => new Page<WorkerInfo> { Items = await workers.ListAsync() })
            .WithTags("Workers").RequireRole(Role.Viewer);
        v1.MapGet("/workers/{worker}/models", (string worker, WorkerList workers) => workers.GetModelsAsync(worker))
            .WithTags("Workers").RequireRole(Role.Operator);
    }
}
