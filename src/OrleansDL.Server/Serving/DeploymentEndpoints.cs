using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Numbers;
using OrleansDL.Projects;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving;

internal static class DeploymentEndpoints
{
    public static void MapDeployments(this IEndpointRouteBuilder v1)
    {
        var deployments = v1.MapGroup("/projects/{project}/deployments").WithTags("Deployments");
        deployments.MapGet("/", (string project, Paging paging, IGrainFactory grains) => All(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        deployments.MapPost("/", async (HttpContext context, string project, DeploymentSpec spec, Idempotency ids, IGrainFactory grains) =>
        {
            var deployment = await All(grains, project).CreateAsync(await ids.IdAsync(context, project, spec), spec);
            context.Response.SetETag(deployment.ETag);
            return TypedResults.Created($"/v1/projects/{project}/deployments/{deployment.Name}", deployment);
        }).RequireRole(Role.Developer);
        deployments.MapGet("/{deployment}", async (HttpContext context, string project, string deployment, IGrainFactory grains) =>
        {
            var found = await All(grains, project).GetAsync(deployment);
            context.Response.SetETag(found.ETag);
            return found;
        }).RequireRole(Role.Viewer);
        deployments.MapPut("/{deployment}", async (HttpContext context, string project, string deployment, DeploymentSpec spec, Idempotency ids, NameTable names, IGrainFactory grains) =>
        {
            var id = await names.ResolveAsync(project, ThingKind.Deployment, deployment);
            var change = await ids.IdAsync(context, project, spec);
            var changed = await grains.GetGrain<IDeploymentGrain>(id).UpdateAsync(change, spec, context.Request.IfMatch());
            context.Response.SetETag(changed.ETag);
            return changed;
        }).RequireRole(Role.Developer);
        deployments.MapDelete("/{deployment}", async (HttpContext context, string project, string deployment, NameTable names, IGrainFactory grains) =>
        {
            var id = await names.ResolveAsync(project, ThingKind.Deployment, deployment);
            await grains.GetGrain<IDeploymentGrain>(id).DeleteAsync(context.Request.IfMatch());
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);

        // Asked for once: as parameters they would be looked up with every request.
        var services = v1.ServiceProvider;
        var (routes, access, predictions) = (services.GetRequiredService<RouteTable>(), services.GetRequiredService<InferenceAccess>(), services.GetRequiredService<Predictions>());
        var (limits, maximumBytes) = (services.GetRequiredService<RateLimits>(), services.GetRequiredService<IOptions<ServingOptions>>().Value.MaximumRequestBytes);
        deployments.MapPost("/{deployment}/predict", async (HttpContext context, string project, string deployment) =>
        {
            var route = routes.Find(project, deployment)?.Route;
            var caller = await access.CheckAsync(context, project, route);
            if (route is not null)
            {
                limits.Enter(context, caller, route);
            }

            var body = await ReadAsync(context, maximumBytes);
            var prediction = await predictions.PredictAsync(project, deployment, PlainRow.Read(context.Request, body) ?? Parse(body), context.RequestAborted, context.Request.Headers);
            using var answer = new PooledBytes();
            PredictionWriter.Write(answer, prediction);
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = answer.Length;
            await context.Response.BodyWriter.WriteAsync(answer.Written);
        }).OpenToAll().Accepts<PredictBody>("application/json", "image/*", "text/plain").Produces<Prediction>();
    }

    private static IDeploymentsGrain All(IGrainFactory grains, string project) => grains.GetGrain<IDeploymentsGrain>(project);

    private static async Task<byte[]> ReadAsync(HttpContext context, int maximumBytes)
    {
        try
        {
            var body = await RequestBody.ReadAsync(context, maximumBytes, keep: false);

            // The rows may travel to another node: they get memory of their own.
            var bytes = body.Bytes.ToArray();
            body.Parsed();
            body.Return();
            return bytes;
        }
        catch (InferenceProtocolException error) when (context.Request.ContentLength > maximumBytes)
        {
            throw new TooLargeException(error.Message);
        }
        catch (InferenceProtocolException error)
        {
            throw new InvalidException(error.Message);
        }
    }

    /// <summary>Finds rows and top in the body without making anything of the rows: the model's own pipeline reads them.</summary>
    private static PredictRequest Parse(byte[] body)
    {
        ReadOnlyMemory<byte>? rows = null;
        var (top, at) = (1, 0);
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = InferenceRequestReader.MaximumDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new InvalidException("The body is a JSON object: {\"rows\": [...], \"top\": 1}.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("rows"u8))
                {
                    var start = at + (int)reader.BytesConsumed;
                    at = start;
                    if (!JsonArrays.TrySkip(body, ref at, out _))
                    {
                        // It is no array, or does not end.
                        reader.Read();
                        reader.Skip();
                        throw new InvalidException("'rows' is a JSON array with one element per row.");
                    }

                    rows = body.AsMemory(start, at - start);
                    reader = JsonArrays.Behind(body, at, reader.CurrentState);
                }
                else if (reader.ValueTextEquals("top"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out top))
                    {
                        throw new InvalidException($"'top' is an integer, 1 to {Predictions.MaximumTop}.");
                    }
                }
                else
                {
                    throw new InvalidException($"'{reader.GetString()}' is not a field of a predict call. Fields: rows, top.");
                }
            }

            // Reads on to the end, so that nothing may follow the object.
            reader.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidException($"The body is not JSON: {error.Message}");
        }

        return new PredictRequest
        {
            Rows = rows ?? throw new InvalidException("The body has no 'rows': {\"rows\": [...], \"top\": 1}."),
            Top = top,
        };
    }
}
