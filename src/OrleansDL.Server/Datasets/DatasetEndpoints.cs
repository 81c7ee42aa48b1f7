using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansDL.Access;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets;

internal static class DatasetEndpoints
{
    public static void MapDatasets(this IEndpointRouteBuilder v1)
    {
        var datasets = v1.MapGroup("/projects/{project}/datasets").WithTags("Datasets");
        datasets.MapGet("/", (string project, Paging paging, IGrainFactory grains) => All(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        datasets.MapPost("/", CreateAsync).RequireRole(Role.Developer);
        datasets.MapGet("/{dataset}", async (string project, string dataset, HttpResponse response, IGrainFactory grains) =>
            Tagged(response, await All(grains, project).GetAsync(dataset))).RequireRole(Role.Viewer);
        datasets.MapPatch("/{dataset}", async (string project, string dataset, DatasetChange change, HttpContext context, IGrainFactory grains) =>
            Tagged(context.Response, await (await OneAsync(grains, project, dataset)).RenameAsync(change.Name, context.Request.IfMatch()))).RequireRole(Role.Developer);
        datasets.MapDelete("/{dataset}", async (string project, string dataset, HttpRequest request, IGrainFactory grains) =>
        {
            await (await OneAsync(grains, project, dataset)).DeleteAsync(request.IfMatch());
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
        datasets.MapGet("/{dataset}/diff", (string project, string dataset, string from, string to, IGrainFactory grains, bool sinceBase = false) => sinceBase
            ? All(grains, project).DiffSinceBaseAsync($"{dataset}@{from}", $"{dataset}@{to}")
            : All(grains, project).DiffAsync($"{dataset}@{from}", $"{dataset}@{to}")).RequireRole(Role.Viewer);
        datasets.MapPost("/{dataset}/commits", CommitAsync).RequireRole(Role.Developer).Accepts<Stream>("*/*");

        var versions = datasets.MapGroup("/{dataset}/versions");
        versions.MapGet("/", (string project, string dataset, Paging paging, IGrainFactory grains) =>
            All(grains, project).ListVersionsAsync(dataset, paging.Page)).RequireRole(Role.Viewer);
        versions.MapGet("/{version}", (string project, string dataset, string version, IGrainFactory grains) =>
            All(grains, project).DescribeAsync($"{dataset}@{version}")).RequireRole(Role.Viewer);
        versions.MapGet("/{version}/statistics", async (string project, string dataset, string version, IGrainFactory grains) =>
            new Page<ColumnStatistics> { Items = await All(grains, project).GetStatisticsAsync($"{dataset}@{version}") }).RequireRole(Role.Viewer);
        versions.MapGet("/{version}/files", (string project, string dataset, string version, Paging paging, IGrainFactory grains) =>
            All(grains, project).ListFilesAsync($"{dataset}@{version}", paging.Page)).RequireRole(Role.Viewer);
        versions.MapGet("/{version}/download", DownloadAsync).RequireRole(Role.Viewer);
        versions.MapPost("/{version}/tags", async (string project, string dataset, string version, TagSpec tag, IGrainFactory grains) =>
        {
            var found = await All(grains, project).ResolveAsync($"{dataset}@{version}");
            return await grains.GetGrain<IDatasetGrain>(found.Dataset).TagAsync(found.Version, tag.Tag);
        }).RequireRole(Role.Developer);
    }

    private static async Task<Created<Dataset>> CreateAsync(string project, DatasetSpec spec, HttpContext context, Idempotency ids, IGrainFactory grains)
    {
        var dataset = await All(grains, project).CreateAsync(await ids.IdAsync(context, project, spec), spec);
        return TypedResults.Created($"/v1/projects/{project}/datasets/{dataset.Name}", Tagged(context.Response, dataset));
    }

    private static async Task<Results<Created<DatasetVersion>, Ok<DatasetVersion>>> CommitAsync(
        string project, string dataset, HttpContext context, string? message, string? tags, string? format, string? header, string? types, string? path, string? mode,
        string? branch, string? expectedHead, [FromQuery] string[] remove, Idempotency ids, DatasetUploads uploads, IOptions<IngestLimits> limits, IGrainFactory grains, CancellationToken cancel)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = limits.Value.MaximumBodyBytes;
        var target = await All(grains, project).GetAsync(dataset);
        var options = new UploadOptions
        {
            Message = message?.Length > 4096 ? throw new InvalidException("A commit message has 4096 characters at most.") : message ?? "",
            Tags = [.. (tags ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(DatasetReference.CheckTag).Distinct(StringComparer.Ordinal)],
            Format = string.IsNullOrEmpty(format) || format == "auto" ? null : IngestFormats.Check(format, target.Kind),
            Types = string.IsNullOrEmpty(types) ? null : types,
            Header = header switch
            {
                null or "auto" => HeaderMode.Auto,
                "true" => HeaderMode.Yes,
                "false" => HeaderMode.No,
                _ => throw new InvalidException($"header is auto, true or false, not '{header}'."),
            },
            Path = string.IsNullOrEmpty(path) ? null : path,
            Replace = mode switch
            {
                null or "append" => false,
                "replace" => true,
                _ => throw new InvalidException($"mode is append or replace, not '{mode}'."),
            },
            Author = context.Features.GetRequiredFeature<Caller>().Title,
            Branch = string.IsNullOrEmpty(branch) ? null : DatasetReference.CheckBranch(branch),
            ExpectedHead = string.IsNullOrEmpty(expectedHead) ? null : BlobId.Parse(expectedHead),
            Removed = remove.Length == 0 ? null : remove,
        };

        // The body is not part of what a repeated key must match: a client may not be able to send it twice, and the first one counts.
        var request = await ids.IdAsync(context, project, options);
        var (version, made) = await uploads.CommitAsync(target, request, options, context.Request.Body, cancel);
        return made ? TypedResults.Created($"/v1/projects/{project}/datasets/{target.Name}/versions/v{version.Version}", version) : TypedResults.Ok(version);
    }

    private static async Task<IResult> DownloadAsync(
        string project, string dataset, string version, string? path, HttpContext context, DatasetDownloads downloads, IGrainFactory grains, CancellationToken cancel)
    {
        var found = await All(grains, project).ResolveAsync($"{dataset}@{version}");
        if (!string.IsNullOrEmpty(path))
        {
            return await downloads.FileAsync(found, path, context.Response, cancel);
        }

        await downloads.WriteTarAsync(found, context.Response, cancel);
        return TypedResults.Empty;
    }

    private static Dataset Tagged(HttpResponse response, Dataset dataset)
    {
        response.SetETag(dataset.ETag);
        return dataset;
    }

    private static IDatasetsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IDatasetsGrain>(project);

    private static async Task<IDatasetGrain> OneAsync(IGrainFactory grains, string project, string dataset) =>
        grains.GetGrain<IDatasetGrain>((await All(grains, project).GetAsync(dataset)).Id);
}
