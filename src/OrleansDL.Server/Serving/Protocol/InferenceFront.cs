using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.SharedMemory;
using OrleansDL.Serving.Statistics;
using OrleansDL.Serving.Tracing;

namespace OrleansDL.Serving.Protocol;

/// <summary>Answers the REST side of the Open Inference Protocol. A model of the protocol is a deployment here.</summary>
internal sealed partial class InferenceFront(
    InferenceModels models, ServerReadiness readiness, Router router, InferenceAccess access, IServingObserver observer, InferenceStatistics statistics,
    ServerReports reports, RepositoryFront repository, TimeProvider time, IOptions<ServingOptions> options, Tracer tracer, RateLimits limits, HeaderForwarding forwarding, SharedMemoryDoor memory,
    ILogger<InferenceFront> logger)
{
    public const string InferenceIdHeader = "odl-inference-id";
    public const string ModelVersionHeader = "odl-model-version";

    private readonly ServingOptions _options = options.Value;

    public static Task LiveAsync(HttpContext context) => SendAsync(context, 200, body => body.Write("{\"live\":true}"u8));

    public Task ReadyAsync(HttpContext context)
    {
        var ready = readiness.IsReady;
        return SendAsync(context, ready ? 200 : 503, body => ProtocolBodies.WriteServerReady(body, ready));
    }

    public Task ServerMetadataAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        await access.CheckAsync(context, await access.ProjectOfAsync(context), null);
        await SendAsync(context, 200, body => ProtocolBodies.WriteServerMetadata(body, _options.ServerName, ServerReadiness.Version, memory.Extensions));
    });

    public Task ModelsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var entries = await models.ListAsync(context);
        await SendAsync(context, 200, body => ProtocolBodies.WriteModels(body, entries.Where(entry => entry.Route.Generation is not null).Select(entry => entry.Route.Name)));
    });

    public Task ModelReadyAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var route = (await FindAsync(context)).Route;
        var ready = models.IsReady(route);
        await SendAsync(context, ready ? 200 : 503, body => ProtocolBodies.WriteModelReady(body, route.Name, ready));
    });

    public Task ModelMetadataAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var entry = await FindAsync(context);
        var signature = InferenceModels.SignatureOf(entry);
        await SendAsync(context, 200, body => ProtocolBodies.WriteModelMetadata(body, entry.Route.Name, entry.ReadyVersions(), signature, ModelConfigs.PlatformOf(entry.Route)));
    });

    public Task ModelConfigAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var config = ModelConfigs.Of(await FindAsync(context));
        await SendAsync(context, 200, body => body.Write(ProtocolJson.Serialize(ProtocolJson.ToJson(config, defaults: true))));
    });

    public Task StatisticsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var values = context.Request.RouteValues;
        var found = await reports.StatisticsAsync(context, values["model"] as string, values["version"] as string);
        await SendAsync(context, 200, body => body.Write(ProtocolJson.Serialize(ProtocolJson.ToJson(found, defaults: true))));
    });

    public Task IndexAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var index = await reports.IndexAsync(context, await IndexRequest.ReadAsync(context));
        await SendAsync(context, 200, body => body.Write(ProtocolJson.Serialize(
            new JsonArray([.. index.Models.Select(model => ProtocolJson.ToJson(model, defaults: false))]))));
    });

    public Task LoadAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var model = await repository.LoadAsync(context);
        await SendAsync(context, 200, body => ProtocolBodies.WriteDone(body, model, "load"u8));
    });

    public Task UnloadAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var model = await repository.UnloadAsync(context);
        await SendAsync(context, 200, body => ProtocolBodies.WriteDone(body, model, "unload"u8));
    });

    public static Task NoRepositoryNameAsync(HttpContext context) =>
        SendAsync(context, 501, body => ProtocolBodies.WriteError(body, "'repository_name' specification is not supported"));

    public async Task InferAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        RouteEntry? entry = null;
        RequestTrace? trace = null;
        try
        {
            var found = (await FindAsync(context)).Choose(context.Request.Headers);
            limits.Enter(context, found.Route);
            entry = found;
            trace = tracer.Begin(entry.Route, "HTTP", context.Request.Headers, started);
            var header = context.Request.Headers[HeaderLength.Name].ToString();
            var body = await RequestBody.ReadAsync(context, _options.MaximumRequestBytes, keep: header.Length > 0);
            var call = Read(body, header, entry);
            forwarding.OfHttp(call, context.Request.Headers);
            using var shared = call.Shared is null ? null : await memory.TakeAsync(context, call, entry.Route.Name);
            trace?.OnRequest(call);
            var request = call.ToRequest();
            var (route, raw) = await router.InferAsync(entry, request, context.RequestAborted);
            trace?.OnAnswer(raw);
            var answer = Classification.Apply(call, raw, route);
            shared?.Finish(answer);

            // Answered and written down: nothing reads the request's buffers any more. After an error something still may.
            using var response = new PooledBytes();
            var jsonLength = InferenceResponseWriter.Write(response, call, answer, route.Name, route.Number ?? route.ModelVersion);
            var id = InferenceId.New(raw.Generation ?? route.Generation!.Value, time);
            entry.Aside?.OnAnswer(route, id, request, raw);
            call.ReturnBuffers();
            body.Return();

            var headers = context.Response.Headers;
            headers[InferenceIdHeader] = id.ToString();
            headers[ModelVersionHeader] = route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (jsonLength is { } length)
            {
                headers[HeaderLength.Name] = length.ToString(System.Globalization.CultureInfo.InvariantCulture);
                context.Response.ContentType = "application/octet-stream";
            }
            else
            {
                context.Response.ContentType = "application/json";
            }

            observer.OnAnswer(route, time.GetElapsedTime(started), answer.TopSpan());
            statistics.Of(route).OnSuccess(time.GetElapsedTime(started), answer.Times ?? default, time.GetUtcNow());
            await WriteAnswerAsync(context, response);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var (status, message) = Describe(context, error);
            if (entry is not null)
            {
                if (error is not OperationCanceledException)
                {
                    observer.OnError(entry.Route, time.GetElapsedTime(started), status);
                }

                statistics.Of(entry.Route).OnFailure(time.GetElapsedTime(started), error);
            }

            await SendAsync(context, status, body => ProtocolBodies.WriteError(body, message));
        }
        finally
        {
            trace?.OnEnd();
        }
    }

    public static Task RestrictedAsync(HttpContext context, string header) =>
        SendAsync(context, 403, body => ProtocolBodies.WriteError(body, $"This API is restricted, expecting header '{header}'"));

    public static Task NotFoundAsync(HttpContext context) =>
        SendAsync(context, 404, body => ProtocolBodies.WriteError(body, "Not Found"));

    public static Task MethodNotAllowedAsync(HttpContext context) =>
        SendAsync(context, 405, body => ProtocolBodies.WriteError(body, "Method Not Allowed"));

    private static InferenceCall Read(RequestBody body, string header, RouteEntry entry)
    {
        try
        {
            var (signature, model) = (InferenceModels.SignatureOf(entry), entry.Route.Name);
            if (signature.Decoupled is true)
            {
                throw InferenceProtocolException.Unsupported("HTTP end point doesn't support models with decoupled transaction policy");
            }

            var jsonLength = HeaderLength.Parse(header, body.Bytes.Length);
            var call = jsonLength == 0 && header.Length > 0
                ? RawRequest.Read(body.Bytes, signature, model, entry.Route.Configuration)
                : InferenceRequestReader.Read(body.Bytes, jsonLength, model);
            if (signature.Generation is not null && call.Inputs.Exists(input => input.Name == GenerateFront.TextInput))
            {
                throw InferenceProtocolException.Unsupported("HTTP end point doesn't support models with decoupled transaction policy: a text is continued by generate or generate_stream.");
            }

            InferenceRequestCheck.Check(call, signature, model, entry.Route.Configuration?.MaximumBatchSize ?? 0);
            return call;
        }
        finally
        {
            body.Parsed();
        }
    }

    public ValueTask<RouteEntry> FindAsync(HttpContext context)
    {
        var values = context.Request.RouteValues;
        return models.FindAsync(context, (string)values["model"]!, values.TryGetValue("version", out var version) ? version as string : null);
    }

    /// <summary>Answers, or says in the protocol's words why not.</summary>
    public async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var (status, message) = Describe(context, error);
            await SendAsync(context, status, body => ProtocolBodies.WriteError(body, message));
        }
    }

    /// <summary>What the caller is told of an error; one of ours is logged.</summary>
    public ProtocolError Describe(HttpContext context, Exception error)
    {
        if (error is UnauthorizedException)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (ProtocolError.Of(error) is { } known)
        {
            return known;
        }

        LogFailed(context.Request.Path, context.TraceIdentifier, error);
        return ProtocolError.Unknown(context.TraceIdentifier);
    }

    private static async Task WriteAnswerAsync(HttpContext context, PooledBytes response)
    {
        if (AnswerCompression.Choose(context.Request.Headers.AcceptEncoding) is not { } encoding)
        {
            await WriteAsync(context, response);
            return;
        }

        context.Response.Headers.ContentEncoding = encoding;
        using var compressed = AnswerCompression.Compress(response.Written.Span, encoding);
        await WriteAsync(context, compressed);
    }

    private static async Task SendAsync(HttpContext context, int status, Action<PooledBytes> write)
    {
        using var body = new PooledBytes();
        write(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await WriteAsync(context, body);
    }

    private static async Task WriteAsync(HttpContext context, PooledBytes body)
    {
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body.Written);
    }

    [LoggerMessage(LogLevel.Error, "{Path} failed (trace id {TraceId})")]
    private partial void LogFailed(string path, string traceId, Exception exception);
}
