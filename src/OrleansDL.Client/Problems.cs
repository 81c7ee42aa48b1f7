using System.Text.Json;

namespace OrleansDL;

/// <summary>Turns an answer's problem document into the exception the server threw.</summary>
internal static class Problems
{
    public static async Task<OrleansDLException> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        var (code, message) = Parse(body);
        message ??= $"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.AbsolutePath} was answered with {status} {answer.ReasonPhrase}.";
        return Create(code ?? CodeOf(status), status, message);
    }

    public static OrleansDLException Create(string code, int status, string message) => code switch
    {
        "not-found" => new NotFoundException(message),
        "gone" => new GoneException(message),
        "invalid" => new InvalidException(message),
        "conflict" => new ConflictException(message),
        "precondition-failed" => new PreconditionException(message),
        "unauthorized" => new UnauthorizedException(message),
        "forbidden" => new ForbiddenException(message),
        "too-large" => new TooLargeException(message),
        "no-capacity" => new NoCapacityException(message),
        "out-of-space" => new OutOfSpaceException(message),
        "blob-damaged" => new BlobDamagedException(message),
        "stale-attempt" => new StaleAttemptException(message),
        _ => new UnexpectedAnswerException(message, code, status),
    };

    /// <summary>Reads a problem document, or the inference protocol's <c>{"error": "..."}</c>; anything else has no message of its own.</summary>
    private static (string? Code, string? Message) Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? (Text(document.RootElement, "code"), Text(document.RootElement, "detail") ?? Text(document.RootElement, "error") ?? Text(document.RootElement, "title"))
                : (null, null);
        }
        catch (JsonException)
        {
            return (null, null);
        }
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static string CodeOf(int status) => status switch
    {
        400 or 405 or 415 or 422 => "invalid",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not-found",
        409 => "conflict",
        412 => "precondition-failed",
        413 => "too-large",
        503 => "no-capacity",
        507 => "out-of-space",
        _ => "internal",
    };
}
