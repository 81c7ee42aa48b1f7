using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Projects;
using OrleansDL.Workers;

namespace OrleansDL.Training;

/// <summary>What users and operators say to a pool's scheduler.</summary>
internal static class SchedulingEndpoints
{
    public static void MapScheduling(this IEndpointRouteBuilder v1)
    {
        var runs = v1.MapGroup("/projects/{project}/training-runs/{run}").WithTags("Training");
        runs.MapPost("/pause", async (string project, string run, NameTable names, IGrainFactory grains) =>
            Accepted(project, await (await RunAsync(project, run, names, grains)).PauseAsync())).RequireRole(Role.Developer);
        runs.MapPost("/resume", async (string project, string run, NameTable names, IGrainFactory grains) =>
            Accepted(project, await (await RunAsync(project, run, names, grains)).ResumeAsync())).RequireRole(Role.Developer);
        runs.MapPost("/priority", async (string project, string run, PriorityChange change, NameTable names, IGrainFactory grains) =>
            Accepted(project, await (await RunAsync(project, run, names, grains)).SetPriorityAsync(change.Priority))).RequireRole(Role.Developer);
        runs.MapPost("/move", async (string project, string run, RunMove move, NameTable names, IGrainFactory grains) =>
        {
            if (move.Ahead is null == move.Behind is null)
            {
                throw new InvalidException("Name the run it goes before ('ahead') or the one it goes behind ('behind'), one of them.");
            }

            var anchor = await names.ResolveAsync(project, ThingKind.TrainingRun, (move.Ahead ?? move.Behind)!);
            return Accepted(project, await (await RunAsync(project, run, names, grains)).MoveAsync(anchor, move.Ahead is not null));
        }).RequireRole(Role.Developer);

        v1.MapGet("/pools", async (PoolList pools) => new Page<PoolInfo> { Items = await pools.ListAsync() }).WithTags("Workers").RequireRole(Role.Viewer);
        v1.MapGet("/pools/{pool}", (string pool, PoolList pools) => pools.GetAsync(pool)).WithTags("Workers").RequireRole(Role.Viewer);
        v1.MapPut("/admin/pools/{pool}", (string pool, PoolSettings settings, IGrainFactory grains) =>
        {
            Names.Check(pool, "pool");
            return grains.GetGrain<ISchedulerGrain>(pool).SetPoolAsync(settings);
        }).WithTags("Administration").RequireRole(Role.Admin);
        v1.MapPost("/workers/{worker}/drain", (string worker, WorkerList workers) => workers.DrainAsync(worker, drain: true))
            .WithTags("Workers").RequireRole(Role.Operator);
        v1.MapPost("/workers/{worker}/undrain", (string worker, WorkerList workers) => workers.DrainAsync(worker, drain: false))
            .WithTags("Workers").RequireRole(Role.Operator);
    }

    private static async Task<ITrainingRunGrain> RunAsync(string project, string run, NameTable names, IGrainFactory grains) =>
        grains.GetGrain<ITrainingRunGrain>(await names.ResolveAsync(project, ThingKind.TrainingRun, run));

    private static Accepted<TrainingRun> Accepted(string project, TrainingRun run) =>
        TypedResults.Accepted($"/v1/projects/{project}/training-runs/{run.Name}", run);
}
