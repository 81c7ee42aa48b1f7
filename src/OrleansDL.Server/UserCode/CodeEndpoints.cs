using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Blobs;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.UserCode;

internal static class CodeEndpoints
{
    public static void MapCode(this IEndpointRouteBuilder v1)
    {
        var code = v1.MapGroup("/projects/{project}/code").WithTags("Code");
        code.MapGet("/", (string project, Paging paging, IGrainFactory grains) => Code(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        code.MapGet("/{code}", (string project, string code, IGrainFactory grains) => Code(grains, project).GetAsync(code)).RequireRole(Role.Viewer);
        code.MapDelete("/{code}", async (string project, string code, IGrainFactory grains) =>
        {
            await Code(grains, project).DeleteAsync(code);
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
        code.MapGet("/{code}/versions", (string project, string code, Paging paging, IGrainFactory grains) =>
            Code(grains, project).ListVersionsAsync(code, paging.Page)).RequireRole(Role.Viewer);
        code.MapPost("/{code}/versions", async (string project, string code, HttpContext context, CodeArchive archives, IGrainFactory grains) =>
        {
            Names.Check(code, "code");
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = CodeArchive.MaximumArchive;
            var digest = await archives.StoreAsync(context.Request.Body, context.RequestAborted);
            var version = await Code(grains, project).RegisterAsync(new CodeRegistration { Name = code, Digest = digest });
            return TypedResults.Created($"/v1/projects/{project}/code/{version.CodeName}/versions/{version.Version}", version);
        }).Accepts<byte[]>("application/octet-stream", "application/zip", "application/x-tar", "application/gzip").RequireRole(Role.Developer);
        code.MapGet("/{code}/versions/{version}", (string project, string code, string version, IGrainFactory grains) =>
            Code(grains, project).ResolveAsync($"{code}@{version}")).RequireRole(Role.Viewer);
        code.MapGet("/{code}/versions/{version}/files", async (string project, string code, string version, BlobStore blobs, IGrainFactory grains) =>
        {
            var found = await Code(grains, project).ResolveAsync($"{code}@{version}");
            return new Page<CodeFile> { Items = CodeManifest.Read(await blobs.ReadAsync(found.Digest)) };
        }).RequireRole(Role.Viewer);
        code.MapGet("/{code}/versions/{version}/archive", async (string project, string code, string version, CodeArchive archives, IGrainFactory grains) =>
        {
            var found = await Code(grains, project).ResolveAsync($"{code}@{version}");
            return Results.Stream(to => archives.WriteAsync(found.Digest, to, CancellationToken.None), "application/x-tar", $"{found.CodeName}-{found.Version}.tar");
        }).Produces(StatusCodes.Status200OK, contentType: "application/x-tar").RequireRole(Role.Viewer);
    }

    private static ICodeGrain Code(IGrainFactory grains, string project) => grains.GetGrain<ICodeGrain>(project);
}
