using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Http;

/// <summary>Turns every error into an RFC 9457 problem document with a stable code.</summary>
internal sealed partial class Problems(ILogger<Problems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = 499;
            return true;
        }

        var (status, code, detail) = Describe(exception);
        if (status >= 500 && exception is not OrleansDLException)
        {
            LogFailed(context.Request.Method, context.Request.Path, context.TraceIdentifier, exception);
            detail = $"The request failed inside the server; its log names the reason under trace id {context.TraceIdentifier}.";
        }

        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = context.Request.Path.StartsWithSegments("/dashboard", StringComparison.Ordinal)
                ? "Basic realm=\"OrleansDL: any user name, the token as password\""
                : "Bearer";
        }

        if (exception is RateLimitedException limited)
        {
            context.Response.Headers.RetryAfter = limited.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(
            new ProblemDetails
            {
                Type = $"urn:orleansdl:problem:{code}",
                Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
                Status = status,
                Detail = detail,
                Extensions = { ["code"] = code },
            },
            OdlJson.Options, "application/problem+json", CancellationToken.None);
        return true;
    }

    /// <summary>Gives the framework's own refusals (no such route, wrong method) the fields every problem of ours has.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        if (problem.Extensions.ContainsKey("code"))
        {
            return;
        }

        var request = context.HttpContext.Request;
        var (code, detail) = problem.Status switch
        {
            404 => ("no-such-route", $"There is no route {request.Method} {request.Path}. GET /v1/openapi.json lists the routes."),
            405 => ("method-not-allowed", $"{request.Path} does not take {request.Method}. GET /v1/openapi.json lists what it takes."),
            415 => ("unsupported-media-type", $"{request.Path} does not take '{request.ContentType}'. Send application/json."),
            _ => ("refused", problem.Detail ?? problem.Title ?? "The request was refused."),
        };
        problem.Type = $"urn:orleansdl:problem:{code}";
        problem.Detail = detail;
        problem.Extensions["code"] = code;
    }

    private static (int Status, string Code, string Detail) Describe(Exception exception) => exception switch
    {
        OrleansDLException ours => (ours.Status, ours.Code, ours.Message),
        BadHttpRequestException { InnerException: OrleansDLException ours } => (ours.Status, ours.Code, ours.Message),
        BadHttpRequestException { InnerException: JsonException json } => (400, "invalid", JsonDetail(json)),
        BadHttpRequestException { StatusCode: 413 } => (413, "too-large", "The request body is larger than this endpoint takes. Send less at once; operations.md names the limits."),
        BadHttpRequestException { InnerException: { } inner } bad => (bad.StatusCode, "invalid", $"{bad.Message} {inner.Message}"),
        BadHttpRequestException bad => (bad.StatusCode, "invalid", bad.Message),
        JsonException json => (400, "invalid", JsonDetail(json)),
        TimeoutException => (503, "timeout", "The cluster did not answer in time. Try again; a change that was begun goes on by itself."),
        SiloUnavailableException or OrleansMessageRejectionException => (503, "unavailable", "A node went away while the request was under way. Try again."),
        _ => (500, "internal", exception.Message),
    };

    private static string JsonDetail(JsonException e) =>
        $"The JSON body does not fit at {e.Path ?? "$"} (line {e.LineNumber + 1 ?? 1}): {e.Message.Split(" Path:")[0]}";

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed (trace id {TraceId})")]
    private partial void LogFailed(string method, string path, string traceId, Exception exception);
}
