using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Retention;

/// <summary>How long versions stay, who uses what, and what goes for ever.</summary>
internal static class RetentionEndpoints
{
    public static void MapRetention(this IEndpointRouteBuilder v1)
    {
        var dataset = v1.MapGroup("/projects/{project}/datasets/{dataset}").WithTags("Datasets");
        dataset.MapPut("/retention", async (string project, string dataset, DatasetRetention retention, HttpContext context, IGrainFactory grains) =>
        {
            var found = await All(grains, project).GetAsync(dataset);
            return await grains.GetGrain<IDatasetGrain>(found.Id).SetRetentionAsync(retention, context.Request.IfMatch());
        }).RequireRole(Role.Developer);
        dataset.MapPost("/prune", async (string project, string dataset, IGrainFactory grains, DatasetPruner pruner, CancellationToken cancel, bool dryRun = false) =>
            await pruner.PruneAsync(await All(grains, project).GetAsync(dataset), dryRun, cancel)).RequireRole(Role.Developer);
        dataset.MapGet("/usage", UsageAsync).RequireRole(Role.Viewer);
        dataset.MapPost("/purge", async (string project, string dataset, PurgeSpec spec, HttpContext context, IGrainFactory grains, DatasetPruner pruner, CancellationToken cancel) =>
            await pruner.PurgeAsync(await All(grains, project).GetAsync(dataset), spec, context.Features.GetRequiredFeature<Caller>().Title, cancel)).RequireRole(Role.Admin);
    }

    private static async Task<DatasetUsage> UsageAsync(
        string project, string dataset, string? path, string? source, long? row, string? version, IGrainFactory grains, DatasetUsages usages, CancellationToken cancel)
    {
        var found = await All(grains, project).GetAsync(dataset);
        return (string.IsNullOrEmpty(path), string.IsNullOrEmpty(source), row) switch
        {
            (false, true, null) => await usages.OfPathAsync(found, path!, cancel),
            (true, false, null) => await usages.OfSourceAsync(found, source!, cancel),
            (true, true, { } index) => await usages.OfRowAsync(
                found, await All(grains, project).ResolveAsync($"{dataset}@{(string.IsNullOrEmpty(version) ? DatasetReference.Latest : version)}"), index, cancel),
            _ => throw new InvalidException("Ask for one of path, source, and row (of version)."),
        };
    }

    private static IDatasetsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IDatasetsGrain>(project);
}
