using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Imports;

internal static class ImportEndpoints
{
    public static void MapImports(this IEndpointRouteBuilder v1)
    {
        var datasets = v1.MapGroup("/projects/{project}/datasets/{dataset}").WithTags("Imports");
        datasets.MapPost("/imports", StartAsync).RequireRole(Role.Developer);
        datasets.MapGet("/imports", async (string project, string dataset, Paging paging, ImportTable imports, IGrainFactory grains) =>
            await imports.ListAsync((await GetAsync(grains, project, dataset)).Id, paging.Page)).RequireRole(Role.Viewer);
        datasets.MapGet("/imports/{import:guid}", async (string project, string dataset, Guid import, ImportTable imports, IGrainFactory grains) =>
            await FindAsync(await GetAsync(grains, project, dataset), import, imports)).RequireRole(Role.Viewer);
        datasets.MapPost("/imports/{import:guid}/cancel", async (string project, string dataset, Guid import, ImportTable imports, IGrainFactory grains) =>
        {
            await FindAsync(await GetAsync(grains, project, dataset), import, imports);
            return await grains.GetGrain<IImportGrain>(import).CancelAsync();
        }).RequireRole(Role.Developer);
        datasets.MapPost("/versions/{version}/sources/check", async (string project, string dataset, string version, SourceChecks checks, IGrainFactory grains, CancellationToken cancel) =>
            await checks.CheckAsync(await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync($"{dataset}@{version}"), cancel)).RequireRole(Role.Developer);
    }

    private static async Task<Accepted<DatasetImport>> StartAsync(
        string project, string dataset, ImportSpec spec, HttpContext context, Idempotency ids, AllowedSources allowed, IGrainFactory grains)
    {
        var target = await GetAsync(grains, project, dataset);
        allowed.Check(spec.Source);
        if (spec.Format is not null)
        {
            IngestFormats.Check(spec.Format, target.Kind);
        }

        if (!string.IsNullOrEmpty(spec.Path))
        {
            EntryPath.Check(spec.Path.TrimEnd('/'));
        }

        TypeOverrides.Parse(spec.Types);
        DatasetReference.CheckBranch(spec.Branch);
        spec = spec with { Tags = spec.Tags.Select(DatasetReference.CheckTag).Distinct(StringComparer.Ordinal).ToArray() };
        var id = await ids.IdAsync(context, project, spec);
        var import = await grains.GetGrain<IImportGrain>(id).StartAsync(target, spec, context.Features.GetRequiredFeature<Caller>().Title);
        return TypedResults.Accepted($"/v1/projects/{project}/datasets/{target.Name}/imports/{id}", import);
    }

    private static async Task<DatasetImport> FindAsync(Dataset dataset, Guid id, ImportTable imports) =>
        await imports.FindAsync(id) is { } import && import.Dataset == dataset.Id
            ? import
            : throw new NotFoundException($"Dataset '{dataset.Name}' has no import {id}. GET .../imports lists them.");

    private static Task<Dataset> GetAsync(IGrainFactory grains, string project, string dataset) => grains.GetGrain<IDatasetsGrain>(project).GetAsync(dataset);
}
