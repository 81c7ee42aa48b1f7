using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Selection;

internal static class SelectionEndpoints
{
    public static void MapSelections(this IEndpointRouteBuilder v1)
    {
        var dataset = v1.MapGroup("/projects/{project}/datasets/{dataset}").WithTags("Datasets");
        dataset.MapPost("/selections", async Task<Results<Created<SelectionResult>, Ok<SelectionResult>>> (
            string project, string dataset, DatasetSelection query, bool? dryRun, IGrainFactory grains, CancellationToken cancel) =>
        {
            var result = await grains.GetGrain<ISelectionsGrain>(project).SelectAsync(dataset, query, dryRun is true, cancel);
            return result.Version is { } version
                ? TypedResults.Created($"/v1/projects/{project}/datasets/{version.DatasetName}/versions/v{version.Version}", result)
                : TypedResults.Ok(result);
        }).RequireRole(Role.Developer);
        dataset.MapGet("/versions/{version}/labels", (string project, string dataset, string version, string? column, IGrainFactory grains) =>
            grains.GetGrain<ISelectionsGrain>(project).GetLabelsAsync($"{dataset}@{version}", column)).RequireRole(Role.Viewer);
    }
}
