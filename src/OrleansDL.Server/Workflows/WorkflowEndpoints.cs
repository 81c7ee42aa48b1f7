using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Workflows;

internal static class WorkflowEndpoints
{
    public static void MapWorkflows(this IEndpointRouteBuilder v1)
    {
        var workflows = v1.MapGroup("/projects/{project}/workflows").WithTags("Workflows");
        workflows.MapGet("/", (string project, Paging paging, IGrainFactory grains) => All(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        workflows.MapPost("/", async Task<IResult> (string project, HttpContext context, Idempotency ids, IGrainFactory grains) =>
        {
            var yaml = await ReadAsync(context.Request);
            var id = await ids.IdAsync(context, project, yaml);
            var workflow = await All(grains, project).PutAsync(id, yaml);
            context.Response.SetETag(workflow.ETag);
            return workflow.Id == id ? TypedResults.Created($"/v1/projects/{project}/workflows/{workflow.Name}", workflow) : TypedResults.Ok(workflow);
        }).RequireRole(Role.Developer).Produces<Workflow>(StatusCodes.Status201Created).Produces<Workflow>();
        workflows.MapPost("/check", async (string project, HttpContext context, IGrainFactory grains) =>
            await All(grains, project).CheckAsync(await ReadAsync(context.Request))).RequireRole(Role.Viewer);
        workflows.MapGet("/{workflow}", async (string project, string workflow, HttpContext context, IGrainFactory grains) =>
        {
            var found = await All(grains, project).GetAsync(workflow);
            context.Response.SetETag(found.ETag);
            return found;
        }).RequireRole(Role.Viewer);
        workflows.MapDelete("/{workflow}", async (string project, string workflow, HttpContext context, IGrainFactory grains) =>
        {
            await (await OneAsync(grains, project, workflow)).DeleteAsync(context.Request.IfMatch());
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
        workflows.MapPost("/{workflow}/enable", async (string project, string workflow, IGrainFactory grains) =>
            await (await OneAsync(grains, project, workflow)).EnableAsync(true)).RequireRole(Role.Developer);
        workflows.MapPost("/{workflow}/disable", async (string project, string workflow, IGrainFactory grains) =>
            await (await OneAsync(grains, project, workflow)).EnableAsync(false)).RequireRole(Role.Developer);
        workflows.MapGet("/{workflow}/runs", (string project, string workflow, Paging paging, IGrainFactory grains) =>
            All(grains, project).ListRunsAsync(workflow, paging.Page)).RequireRole(Role.Viewer);
        workflows.MapPost("/{workflow}/runs", async (string project, string workflow, StartRunRequest? request, HttpContext context, Idempotency ids, IGrainFactory grains) =>
        {
            var grain = await OneAsync(grains, project, workflow);
            var run = await grain.StartAsync(await ids.IdAsync(context, project, request), request?.Inputs?.GetRawText());
            return TypedResults.Created($"/v1/projects/{project}/workflow-runs/{run.Id}", run);
        }).RequireRole(Role.Developer);

        var runs = v1.MapGroup("/projects/{project}/workflow-runs").WithTags("Workflows");
        runs.MapGet("/", (string project, Paging paging, IGrainFactory grains) => All(grains, project).ListRunsAsync(null, paging.Page)).RequireRole(Role.Viewer);
        runs.MapGet("/{run}", (string project, string run, IGrainFactory grains) => All(grains, project).GetRunAsync(RunId(run))).RequireRole(Role.Viewer);
        runs.MapGet("/{run}/journal", (string project, string run, Paging paging, IGrainFactory grains) =>
            All(grains, project).ReadJournalAsync(RunId(run), paging.Page)).RequireRole(Role.Viewer);
        runs.MapPost("/{run}/cancel", async (string project, string run, IGrainFactory grains) =>
        {
            var found = await All(grains, project).GetRunAsync(RunId(run));
            return await grains.GetGrain<IWorkflowRunGrain>(found.Id).CancelAsync();
        }).RequireRole(Role.Developer);
    }

    private static IWorkflowsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IWorkflowsGrain>(project);

    private static async Task<IWorkflowGrain> OneAsync(IGrainFactory grains, string project, string workflow) =>
        grains.GetGrain<IWorkflowGrain>((await All(grains, project).GetAsync(workflow)).Id);

    private static Guid RunId(string run) => Guid.TryParse(run, out var id)
        ? id
        : throw new InvalidException($"'{run}' is no id of a workflow run. Runs have no names; GET .../workflow-runs lists their ids.");

    private static async Task<string> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > YamlReader.MaximumLength)
        {
            throw TooLarge();
        }

        var buffer = new char[YamlReader.MaximumLength + 1];
        using var reader = new StreamReader(request.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        try
        {
            var length = await reader.ReadBlockAsync(buffer);
            return length <= YamlReader.MaximumLength ? new string(buffer, 0, length) : throw TooLarge();
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidException("The workflow is not UTF-8 text.");
        }
    }

    private static TooLargeException TooLarge() => new($"A workflow file has {YamlReader.MaximumLength} characters at most.");
}
