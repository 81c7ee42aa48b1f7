using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Validation;

internal static class ValidationEndpoints
{
    public static void MapDatasetValidation(this IEndpointRouteBuilder v1)
    {
        var dataset = v1.MapGroup("/projects/{project}/datasets/{dataset}").WithTags("Datasets");
        dataset.MapGet("/policy", async (string project, string dataset, HttpResponse response, IGrainFactory grains) =>
            Tagged(response, await All(grains, project).GetAsync(dataset))).RequireRole(Role.Viewer);
        dataset.MapPut("/policy", async (string project, string dataset, ValidationPolicy policy, HttpContext context, IGrainFactory grains) =>
        {
            var found = await All(grains, project).GetAsync(dataset);
            return Tagged(context.Response, await grains.GetGrain<IDatasetGrain>(found.Id).SetPolicyAsync(policy, context.Request.IfMatch()));
        }).RequireRole(Role.Developer);
        dataset.MapPost("/validate", ValidateAsync).RequireRole(Role.Developer).Accepts<Stream>("*/*");
    }

    private static async Task<DatasetValidation> ValidateAsync(
        string project, string dataset, HttpContext context, string? format, string? header, string? types, string? path, string? branch,
        DryRun dryRun, IOptions<IngestLimits> limits, IGrainFactory grains, CancellationToken cancel)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = limits.Value.MaximumBodyBytes;
        var target = await All(grains, project).GetAsync(dataset);
        var request = new IngestRequest
        {
            Kind = target.Kind,
            Format = IngestFormats.Check(format ?? (target.Kind switch { DatasetKind.Image => IngestFormats.Tar, DatasetKind.Files => IngestFormats.File, _ => IngestFormats.Csv }), target.Kind),
            Header = header switch
            {
                null or "auto" => HeaderMode.Auto,
                "true" => HeaderMode.Yes,
                "false" => HeaderMode.No,
                _ => throw new InvalidException($"header is auto, true or false, not '{header}'."),
            },
            Types = TypeOverrides.Parse(types),
            Path = string.IsNullOrEmpty(path) ? "validated" : path,
        };
        return await dryRun.ValidateAsync(target, branch ?? DatasetReference.Main, request, context.Request.Body, cancel);
    }

    private static ValidationPolicy Tagged(HttpResponse response, Dataset dataset)
    {
        response.SetETag(dataset.ETag);
        return dataset.Policy ?? new ValidationPolicy();
    }

    private static IDatasetsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IDatasetsGrain>(project);
}
