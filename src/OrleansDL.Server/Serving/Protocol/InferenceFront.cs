using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Protocol;

/// <summary>Answers the REST side of the Open Inference Protocol. A model of the protocol is a deployment here.</summary>
internal sealed partial class InferenceFront(
    RouteTable routes, RouteSync sync, Router router, InferenceAccess access, IServingObserver observer,
    IHostApplicationLifetime lifetime, TimeProvider time, IOptions<ServingOptions> options, ILogger<InferenceFront> logger)
{
    private const string InferenceIdHeader = "odl-inference-id";
    private const string ModelVersionHeader = "odl-model-version";
    private static readonly string Version = typeof(InferenceFront).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
    private readonly ServingOptions _options = options.Value;

    public static Task LiveAsync(HttpContext context) => SendAsync(context, 200, body => body.Write("{\"live\":true}"u8));

    public Task ReadyAsync(HttpContext context)
    {
        var ready = sync.Loaded && lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
        return SendAsync(context, ready ? 200 : 503, body => ProtocolBodies.WriteServerReady(body, ready));
    }

    public Task ServerMetadataAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        await access.CheckAsync(context, await access.ProjectOfAsync(context), null);
        await SendAsync(context, 200, body => ProtocolBodies.WriteServerMetadata(body, _options.ServerName, Version));
    });

    public Task ModelsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var project = await access.ProjectOfAsync(context);
        await access.CheckAsync(context, project, null);
        await SendAsync(context, 200, body => ProtocolBodies.WriteModels(body, routes.List(project).Where(route => route.Generation is not null).Select(route => route.Name)));
    });

    public Task ModelReadyAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var route = (await FindAsync(context)).Route;
        var ready = route.Generation is not null;
        await SendAsync(context, ready ? 200 : 503, body => ProtocolBodies.WriteModelReady(body, route.Name, ready));
    });

    public Task ModelMetadataAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var route = (await FindAsync(context)).Route;
        var signature = SignatureOf(route);
        await SendAsync(context, 200, body => ProtocolBodies.WriteModelMetadata(body, route.Name, route.ModelVersion, signature));
    });

    public async Task InferAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        RouteEntry? entry = null;
        try
        {
            entry = await FindAsync(context);
            var header = context.Request.Headers[HeaderLength.Name].ToString();
            var body = await RequestBody.ReadAsync(context, _options.MaximumRequestBytes, keep: header.Length > 0);
            var call = Read(body, header, entry.Route);
            var (route, answer) = await router.InferAsync(entry, call.ToRequest(), context.RequestAborted);

            // Answered and written down: nothing reads the request's buffers any more. After an error something still may.
            using var response = new PooledBytes();
            var jsonLength = InferenceResponseWriter.Write(response, call, answer, route.Name, route.ModelVersion);
            call.ReturnBuffers();
            body.Return();

            var headers = context.Response.Headers;
            headers[InferenceIdHeader] = InferenceId.New(route.Generation!.Value, time).ToString();
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

            observer.OnAnswer(route, time.GetElapsedTime(started), TopOf(answer));
            await WriteAnswerAsync(context, response);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var (status, message) = Describe(context, error);
            if (entry is not null && error is not OperationCanceledException)
            {
                observer.OnError(entry.Route, time.GetElapsedTime(started), status);
            }

            await SendAsync(context, status, body => ProtocolBodies.WriteError(body, message));
        }
    }

    public static Task NotFoundAsync(HttpContext context) =>
        SendAsync(context, 404, body => ProtocolBodies.WriteError(body, "Not Found"));

    public static Task MethodNotAllowedAsync(HttpContext context) =>
        SendAsync(context, 405, body => ProtocolBodies.WriteError(body, "Method Not Allowed"));

    private static InferenceCall Read(RequestBody body, string header, Route route)
    {
        try
        {
            var signature = SignatureOf(route);
            var jsonLength = HeaderLength.Parse(header, body.Bytes.Length);
            var call = jsonLength == 0 && header.Length > 0
                ? RawRequest.Read(body.Bytes, signature, route.Name)
                : InferenceRequestReader.Read(body.Bytes, jsonLength, route.Name);
            InferenceRequestCheck.Check(call, signature, route.Name);
            return call;
        }
        finally
        {
            body.Parsed();
        }
    }

    private static ReadOnlySpan<LabelScore> TopOf(InferAnswer answer) => answer.Top switch
    {
        LabelScore[] array => array,
        List<LabelScore> list => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list),
        _ => answer.Top.ToArray(),
    };

    private static ModelSignature SignatureOf(Route route) => route.Signature
        ?? throw new InferenceProtocolException(503, $"Request for unknown model: '{route.Name}' has no available versions{(route.Reason is null ? "" : ": " + route.Reason)}");

    private async ValueTask<RouteEntry> FindAsync(HttpContext context)
    {
        var values = context.Request.RouteValues;
        var model = (string)values["model"]!;
        var project = await access.ProjectOfAsync(context);
        var entry = routes.Find(project, model);
        await access.CheckAsync(context, project, entry?.Route);
        if (entry is null)
        {
            throw new InferenceProtocolException(_options.UnknownModelStatus, $"Request for unknown model: '{model}' is not found");
        }

        if (values.TryGetValue("version", out var value) && value is string version
            && (!long.TryParse(version, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
                || number != entry.Route.ModelVersion || entry.Route.Generation is null))
        {
            throw new InferenceProtocolException(404, $"Request for unknown model: '{model}' version {version} is not found");
        }

        return entry;
    }

    private async Task GuardAsync(HttpContext context, Func<Task> answer)
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

    private (int Status, string Message) Describe(HttpContext context, Exception error)
    {
        switch (error)
        {
            case InferenceProtocolException refused:
                return (refused.Status, refused.Message);
            case OrleansDLException ours:
                if (ours is UnauthorizedException)
                {
                    context.Response.Headers.WWWAuthenticate = "Bearer";
                }

                return (ours.Status, ours.Message);
            case OperationCanceledException:
                return (400, "the request was cancelled");
            case BadHttpRequestException bad:
                return (bad.StatusCode, bad.Message);
            case TimeoutException:
                return (503, "Request timeout expired");
            default:
                LogFailed(context.Request.Path, context.TraceIdentifier, error);
                return (500, $"The request failed inside the server; its log names the reason under trace id {context.TraceIdentifier}.");
        }
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
