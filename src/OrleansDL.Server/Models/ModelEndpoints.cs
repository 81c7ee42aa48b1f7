using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using OrleansDL.Blobs;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Models;

internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder v1)
    {
        var models = v1.MapGroup("/projects/{project}/models").WithTags("Models");
        models.MapGet("/", (string project, Paging paging, IGrainFactory grains) => Models(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        models.MapPost("/", async (string project, ModelSpec spec, HttpContext context, Idempotency ids, IGrainFactory grains) =>
        {
            var model = await Models(grains, project).CreateAsync(await ids.IdAsync(context, project, spec), spec);
            return TypedResults.Created($"/v1/projects/{project}/models/{model.Name}", Tagged(context, model));
        }).RequireRole(Role.Developer);
        models.MapGet("/{model}", async (string project, string model, HttpContext context, IGrainFactory grains) =>
            Tagged(context, await Models(grains, project).GetAsync(model))).RequireRole(Role.Viewer);
        models.MapPatch("/{model}", async (string project, string model, ModelChange change, HttpContext context, IGrainFactory grains) =>
            Tagged(context, await (await ModelAsync(grains, project, model)).RenameAsync(change.Name, context.Request.IfMatch()))).RequireRole(Role.Developer);
        models.MapDelete("/{model}", async (string project, string model, HttpContext context, IGrainFactory grains) =>
        {
            await (await ModelAsync(grains, project, model)).DeleteAsync(context.Request.IfMatch());
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);

        models.MapGet("/{model}/versions", (string project, string model, Paging paging, IGrainFactory grains) =>
            Models(grains, project).ListVersionsAsync(model, paging.Page)).RequireRole(Role.Viewer);
        models.MapGet("/{model}/versions/{version}", (string project, string model, string version, IGrainFactory grains) =>
            Models(grains, project).ResolveAsync($"{model}@{version}")).RequireRole(Role.Viewer);
        models.MapGet("/{model}/versions/{version}/files/{**file}", async (string project, string model, string version, string file, IGrainFactory grains, BlobStore blobs) =>
            await FileAsync(await Models(grains, project).ResolveAsync($"{model}@{version}"), file, blobs))
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").RequireRole(Role.Viewer);

        models.MapPut("/{model}/aliases/{alias}", async (string project, string model, string alias, AliasTarget target, HttpContext context, IGrainFactory grains) =>
        {
            if (target.Version < 1)
            {
                throw new InvalidException($"An alias names a version from 1 on, not {target.Version}. DELETE removes the alias.");
            }

            return Tagged(context, await (await ModelAsync(grains, project, model)).SetAliasAsync(alias, target.Version));
        }).RequireRole(Role.Developer);
        models.MapDelete("/{model}/aliases/{alias}", async (string project, string model, string alias, IGrainFactory grains) =>
        {
            await (await ModelAsync(grains, project, model)).SetAliasAsync(alias, 0);
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
    }

    private static IModelsGrain Models(IGrainFactory grains, string project) => grains.GetGrain<IModelsGrain>(project);

    private static async Task<IModelGrain> ModelAsync(IGrainFactory grains, string project, string model) =>
        grains.GetGrain<IModelGrain>((await Models(grains, project).GetAsync(model)).Id);

    private static Model Tagged(HttpContext context, Model model)
    {
        context.Response.SetETag(model.ETag);
        return model;
    }

    private static async Task<IResult> FileAsync(ModelVersion version, string file, BlobStore blobs)
    {
        if (!version.Artifact.TryGetValue(file, out var found))
        {
            throw new NotFoundException($"Version {version.Version} of model '{version.ModelName}' has no file '{file}'. Its files: {string.Join(", ", version.Artifact.Keys.Order())}.");
        }

        var type = file.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : "application/octet-stream";
        return Results.Stream(await blobs.OpenReadAsync(found.Blob), type, Path.GetFileName(file), entityTag: new EntityTagHeaderValue($"\"{found.Blob.Hex}\""), enableRangeProcessing: true);
    }
}
