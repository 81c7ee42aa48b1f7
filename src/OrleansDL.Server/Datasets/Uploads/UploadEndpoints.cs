using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansDL.Access;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Uploads;

/// <summary>How a client brings many files: it asks what is missing, sends that (many small ones at once, large ones in pieces), and commits by digest.</summary>
internal static class UploadEndpoints
{
    public static void MapUploads(this IEndpointRouteBuilder v1)
    {
        var uploads = v1.MapGroup("/projects/{project}/datasets/{dataset}/uploads").WithTags("Uploads");
        uploads.MapPost("/compare", async (string project, string dataset, UploadComparisonRequest files, UploadComparer comparer, IGrainFactory grains, CancellationToken cancel) =>
            await comparer.CompareAsync(await GetAsync(grains, project, dataset), files, cancel)).RequireRole(Role.Developer);
        uploads.MapPost("/files", StoreFilesAsync).RequireRole(Role.Developer).Accepts<Stream>("*/*");
        uploads.MapPost("/commit", CommitAsync).RequireRole(Role.Developer).Accepts<Stream>("*/*");
        uploads.MapPost("/", BeginAsync).RequireRole(Role.Developer);

        var one = uploads.MapGroup("/{upload:guid}");
        one.MapGet("/", async (string project, string dataset, Guid upload, UploadSessions sessions, IGrainFactory grains) =>
            await sessions.GetAsync(await GetAsync(grains, project, dataset), upload)).RequireRole(Role.Viewer);
        one.MapPut("/", AppendAsync).RequireRole(Role.Developer).Accepts<Stream>("*/*");
        one.MapPost("/complete", async (string project, string dataset, Guid upload, UploadSessions sessions, IGrainFactory grains, CancellationToken cancel) =>
            await sessions.CompleteAsync(await GetAsync(grains, project, dataset), upload, cancel)).RequireRole(Role.Developer);
        one.MapDelete("/", async (string project, string dataset, Guid upload, UploadSessions sessions, IGrainFactory grains) =>
        {
            await sessions.CancelAsync(await GetAsync(grains, project, dataset), upload);
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
    }

    private static async Task<StoredFiles> StoreFilesAsync(
        string project, string dataset, HttpContext context, SmallFiles files, IOptions<UploadLimits> limits, IGrainFactory grains, CancellationToken cancel)
    {
        Limit(context, limits.Value.MaximumSmallRequestBytes);
        return await files.StoreAsync(await GetAsync(grains, project, dataset), context.Request.Body, cancel);
    }

    private static async Task<Created<Upload>> BeginAsync(
        string project, string dataset, UploadSpec spec, HttpContext context, UploadSessions sessions, Idempotency ids, IOptions<IngestLimits> limits, IGrainFactory grains)
    {
        var target = await GetAsync(grains, project, dataset);
        var upload = await sessions.BeginAsync(await ids.IdAsync(context, project, spec), target, spec, limits.Value.MaximumBodyBytes);
        return TypedResults.Created($"/v1/projects/{project}/datasets/{target.Name}/uploads/{upload.Id}", upload);
    }

    private static async Task<Upload> AppendAsync(
        string project, string dataset, Guid upload, long offset, HttpContext context, UploadSessions sessions, IOptions<IngestLimits> limits, IGrainFactory grains, CancellationToken cancel)
    {
        Limit(context, limits.Value.MaximumBodyBytes);
        return await sessions.AppendAsync(await GetAsync(grains, project, dataset), upload, offset, context.Request.Body, cancel);
    }

    private static async Task<Results<Created<DatasetVersion>, Ok<DatasetVersion>>> CommitAsync(
        string project, string dataset, HttpContext context, UploadCommits commits, Idempotency ids, IOptions<IngestLimits> limits, IGrainFactory grains, CancellationToken cancel)
    {
        Limit(context, limits.Value.MaximumBodyBytes);
        var target = await GetAsync(grains, project, dataset);
        await using var lines = new UploadCommitReader(context.Request.Body);
        var head = await lines.ReadHeadAsync(cancel);
        head = head with { Tags = [.. head.Tags.Select(DatasetReference.CheckTag).Distinct(StringComparer.Ordinal)] };

        // As with an upload in one request, the lines are not part of what a repeated key must match: the first ones count.
        var request = await ids.IdAsync(context, project, head);
        var (version, made) = await commits.CommitAsync(target, request, head, lines, context.Features.GetRequiredFeature<Caller>().Title, cancel);
        return made ? TypedResults.Created($"/v1/projects/{project}/datasets/{target.Name}/versions/v{version.Version}", version) : TypedResults.Ok(version);
    }

    private static void Limit(HttpContext context, long bytes) => context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = bytes;

    private static Task<Dataset> GetAsync(IGrainFactory grains, string project, string dataset) => grains.GetGrain<IDatasetsGrain>(project).GetAsync(dataset);
}
