using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

internal static class MonitoringEndpoints
{
    public static void MapMonitoring(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/projects/{project}/deployments/{deployment}/metrics", async (
            string project, string deployment, IGrainFactory grains, TimeProvider time, DateTimeOffset? from, DateTimeOffset? to, int stepSeconds = 10) =>
        {
            // Without a range: the last hour, the open window included.
            var end = to ?? time.GetUtcNow();
            var windows = await grains.GetGrain<IServingMetricsGrain>(project).QueryAsync(deployment, from ?? end.AddHours(-1), end, stepSeconds);
            return new Page<ServingWindow> { Items = windows };
        }).WithTags("Monitoring").RequireRole(Role.Viewer);
        v1.MapPost("/projects/{project}/feedback", async (string project, FeedbackBatch batch, IGrainFactory grains) =>
            new Page<StoredFeedback> { Items = await grains.GetGrain<IServingMetricsGrain>(project).AddFeedbackAsync(batch) })
            .WithTags("Monitoring").RequireRole(Role.Developer);
        v1.MapGet("/projects/{project}/feedback", (string project, string deployment, Paging paging, IGrainFactory grains) =>
            grains.GetGrain<IServingMetricsGrain>(project).ListFeedbackAsync(deployment, paging.Page)).WithTags("Monitoring").RequireRole(Role.Viewer);
    }

    /// <summary>What Prometheus scrapes, outside <c>/v1</c>. A scraper needs a token: label values name projects and deployments.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", async (HttpContext context, PrometheusExporter exporter, [FromServices] IEnumerable<IMetricsText> additions, TokenStore tokens) =>
        {
            var text = new StringBuilder();
            if (context.Request.Headers.Authorization.Count > 0 || !additions.Any(addition => addition.IsPublic))
            {
                var caller = await AccessGate.CheckAsync(context, tokens);
                _ = caller.Allows(Role.Viewer) ? text.Append(exporter.Write()) : throw AccessRules.RoleTooLow(caller, Role.Viewer);
            }
            else
            {
                // Without a token: what belongs to a model repository that everyone may use.
                additions = additions.Where(addition => addition.IsPublic);
            }

            foreach (var addition in additions)
            {
                addition.Write(text);
            }

            return Results.Text(text.ToString(), PrometheusExporter.ContentType);
        }).WithTags("Monitoring").Produces<string>(StatusCodes.Status200OK, "text/plain").OpenToAll();
}
