using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Branches;

/// <summary>Branches, tags, history, merges and reverts of a dataset.</summary>
internal static class BranchEndpoints
{
    public static void MapBranches(this IEndpointRouteBuilder v1)
    {
        var dataset = v1.MapGroup("/projects/{project}/datasets/{dataset}").WithTags("Datasets");
        dataset.MapGet("/log", (string project, string dataset, Paging paging, IGrainFactory grains, string? from) =>
            All(grains, project).LogAsync($"{dataset}@{from ?? DatasetReference.Latest}", paging.Page)).RequireRole(Role.Viewer);

        dataset.MapGet("/branches", (string project, string dataset, Paging paging, IGrainFactory grains) =>
            All(grains, project).ListBranchesAsync(dataset, paging.Page)).RequireRole(Role.Viewer);
        dataset.MapPost("/branches", CreateAsync).RequireRole(Role.Developer);
        dataset.MapGet("/branches/{branch}", (string project, string dataset, string branch, IGrainFactory grains) =>
            All(grains, project).GetBranchAsync(dataset, branch)).RequireRole(Role.Viewer);
        dataset.MapPatch("/branches/{branch}", MoveAsync).RequireRole(Role.Developer);
        dataset.MapDelete("/branches/{branch}", async (string project, string dataset, string branch, string? expectedHead, IGrainFactory grains) =>
        {
            await (await OneAsync(grains, project, dataset)).DeleteBranchAsync(branch, Head(expectedHead));
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
        dataset.MapPost("/branches/{branch}/merge", MergeAsync).RequireRole(Role.Developer);
        dataset.MapPost("/branches/{branch}/revert", RevertAsync).RequireRole(Role.Developer);

        dataset.MapGet("/tags", (string project, string dataset, Paging paging, IGrainFactory grains) =>
            All(grains, project).ListTagsAsync(dataset, paging.Page)).RequireRole(Role.Viewer);
        dataset.MapPut("/tags/{tag}", async (string project, string dataset, string tag, TagMove move, IGrainFactory grains) =>
        {
            var found = await All(grains, project).ResolveAsync($"{dataset}@{move.Version}");
            return await grains.GetGrain<IDatasetGrain>(found.Dataset).MoveTagAsync(found.Version, tag);
        }).RequireRole(Role.Developer);
        dataset.MapDelete("/tags/{tag}", async (string project, string dataset, string tag, string? version, IGrainFactory grains) =>
        {
            var number = string.IsNullOrEmpty(version) ? (long?)null : (await All(grains, project).DescribeAsync($"{dataset}@{version}")).Version;
            await (await OneAsync(grains, project, dataset)).UntagAsync(tag, number);
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
    }

    private static async Task<Created<DatasetBranch>> CreateAsync(string project, string dataset, BranchSpec spec, HttpContext context, Idempotency ids, IGrainFactory grains)
    {
        var from = await All(grains, project).ResolveAsync($"{dataset}@{spec.From ?? DatasetReference.Latest}");
        var branch = await grains.GetGrain<IDatasetGrain>(from.Dataset).SetBranchAsync(await ids.IdAsync(context, project, spec), spec.Name, from.Commit, null);
        return TypedResults.Created($"/v1/projects/{project}/datasets/{dataset}/branches/{branch.Name}", branch);
    }

    private static async Task<DatasetBranch> MoveAsync(string project, string dataset, string branch, BranchTarget target, TimeProvider time, IGrainFactory grains)
    {
        var to = await All(grains, project).ResolveAsync($"{dataset}@{target.To}");
        return await grains.GetGrain<IDatasetGrain>(to.Dataset).SetBranchAsync(Guid.CreateVersion7(time.GetUtcNow()), branch, to.Commit, target.ExpectedHead);
    }

    private static async Task<MergeResult> MergeAsync(
        string project, string dataset, string branch, MergeSpec spec, HttpContext context, Idempotency ids, DatasetMerges merges, IGrainFactory grains, CancellationToken cancel)
    {
        CheckMessage(spec.Message);
        var target = await All(grains, project).GetAsync(dataset);
        return await merges.MergeAsync(target, await ids.IdAsync(context, project, spec), branch, spec, context.Features.GetRequiredFeature<Caller>().Title, cancel);
    }

    private static async Task<MergeResult> RevertAsync(
        string project, string dataset, string branch, RevertSpec spec, HttpContext context, Idempotency ids, DatasetMerges merges, IGrainFactory grains, CancellationToken cancel)
    {
        CheckMessage(spec.Message);
        var target = await All(grains, project).GetAsync(dataset);
        return await merges.RevertAsync(target, await ids.IdAsync(context, project, spec), branch, spec, context.Features.GetRequiredFeature<Caller>().Title, cancel);
    }

    private static void CheckMessage(string? message)
    {
        if (message?.Length > 4096)
        {
            throw new InvalidException("A commit message has 4096 characters at most.");
        }
    }

    private static BlobId? Head(string? text) => string.IsNullOrEmpty(text) ? null : BlobId.Parse(text);

    private static IDatasetsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IDatasetsGrain>(project);

    private static async Task<IDatasetGrain> OneAsync(IGrainFactory grains, string project, string dataset) =>
        grains.GetGrain<IDatasetGrain>((await All(grains, project).GetAsync(dataset)).Id);
}
