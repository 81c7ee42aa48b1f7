using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Projects;

internal static class ProjectEndpoints
{
    public static void MapProjects(this IEndpointRouteBuilder v1)
    {
        var projects = v1.MapGroup("/projects").WithTags("Projects");
        projects.MapGet("/", async (HttpContext context, Paging paging, IGrainFactory grains) =>
        {
            // A token of one project sees that project.
            return context.Features.GetRequiredFeature<Caller>().Project is { } own
                ? new Page<Project> { Items = [await All(grains).GetAsync(own)] }
                : await All(grains).ListAsync(paging.Page);
        }).RequireRole(Role.Viewer);
        projects.MapPost("/", async (HttpContext context, ProjectSpec spec, Idempotency ids, IGrainFactory grains) =>
        {
            var project = await All(grains).CreateAsync(await ids.IdAsync(context, "", spec), spec);
            return TypedResults.Created($"/v1/projects/{project.Name}", project);
        }).RequireRole(Role.Admin);
        projects.MapGet("/{project}", (string project, IGrainFactory grains) => All(grains).GetAsync(project)).RequireRole(Role.Viewer);
        projects.MapPut("/{project}", (string project, ProjectSpec spec, IGrainFactory grains) => All(grains).UpdateAsync(project, spec)).RequireRole(Role.Admin);
        projects.MapDelete("/{project}", async (string project, IGrainFactory grains) =>
        {
            await All(grains).DeleteAsync(project);
            return TypedResults.NoContent();
        }).RequireRole(Role.Admin);
    }

    private static IProjectsGrain All(IGrainFactory grains) => grains.GetGrain<IProjectsGrain>("all");
}
