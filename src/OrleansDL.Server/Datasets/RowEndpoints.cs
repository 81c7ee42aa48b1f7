using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Datasets.Exports;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>Rows of a version: pages, single ones, their pictures, and all of them in another format.</summary>
internal static class RowEndpoints
{
    private const int MaximumThumbnail = 1024;

    public static void MapDatasetRows(this IEndpointRouteBuilder v1)
    {
        var version = v1.MapGroup("/projects/{project}/datasets/{dataset}/versions/{version}").WithTags("Datasets");
        version.MapGet("/rows", async (
            string project, string dataset, string version, string? columns, string? filter, string? split, Paging paging, IGrainFactory grains, DatasetRows rows, CancellationToken cancel) =>
            await rows.ReadAsync(
                project, await ResolveAsync(grains, project, dataset, DatasetRows.Pinned(version, paging.Page.Token)), paging.Page, columns, filter, split, cancel)).RequireRole(Role.Viewer);
        version.MapGet("/rows/{row}", async (
            string project, string dataset, string version, long row, string? columns, IGrainFactory grains, DatasetRows rows, CancellationToken cancel) =>
            await rows.GetAsync(project, await ResolveAsync(grains, project, dataset, version), row, columns, cancel)).RequireRole(Role.Viewer);
        version.MapGet("/rows/{row}/thumbnail", async (
            string project, string dataset, string version, long row, string? column, int? size, IGrainFactory grains, DatasetRows rows, CancellationToken cancel) =>
        {
            var pixels = size ?? 128;
            if (pixels is < 1 or > MaximumThumbnail)
            {
                throw new InvalidException($"size {pixels} is out of range: 1 to {MaximumThumbnail} pixels.");
            }

            return TypedResults.Bytes(await rows.ThumbnailAsync(await ResolveAsync(grains, project, dataset, version), row, column, pixels, cancel), "image/png");
        }).RequireRole(Role.Viewer);
        version.MapGet("/export", async (
            string project, string dataset, string version, string format, string? columns, string? filter, string? split, HttpContext context, IGrainFactory grains,
            DatasetExports exports, CancellationToken cancel) =>
        {
            await exports.WriteAsync(await ResolveAsync(grains, project, dataset, version), format, columns, filter, split, context, cancel);
            return TypedResults.Empty;
        }).RequireRole(Role.Viewer);
    }

    private static Task<DatasetVersion> ResolveAsync(IGrainFactory grains, string project, string dataset, string version) =>
        grains.GetGrain<IDatasetsGrain>(project).ResolveAsync($"{dataset}@{version}");
}
