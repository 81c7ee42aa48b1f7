using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace OrleansDL.Datasets.Imports;

/// <summary>One file on a web server, pinned by its ETag or the time of its last change.</summary>
internal sealed class HttpSource(SourceHttp http) : ISourceReader
{
    public async IAsyncEnumerable<ImportObject> ListAsync(Uri source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What it is, the first answer tells: many servers do not answer HEAD as they answer GET.
        yield return new ImportObject { Name = source.AbsoluteUri, Bytes = -1 };
        await Task.CompletedTask;
    }

    public string UriOf(Uri source, ImportObject found) => found.Name;

    public async Task<SourceBody> OpenAsync(Uri source, ImportObject pinned, long offset, CancellationToken cancellationToken)
    {
        var validator = Validator(pinned);
        var from = validator is null ? 0 : offset;
        var answer = await SendAsync(source, request =>
        {
            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
                request.Headers.IfRange = validator;
            }
        }, cancellationToken);
        try
        {
            var found = Describe(source, answer);
            switch (answer.StatusCode)
            {
                case HttpStatusCode.OK:
                    return new SourceBody(await BodyAsync(answer, cancellationToken), 0, found);
                case HttpStatusCode.PartialContent when answer.Content.Headers.ContentRange is { From: { } begins } range && begins == from && (pinned.Bytes < 0 || range.Length is null || range.Length == pinned.Bytes):
                    found.Bytes = range.Length ?? pinned.Bytes;
                    return new SourceBody(await BodyAsync(answer, cancellationToken), from, found);
                case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable:
                    // It answers ranges wrongly: from now on it is asked for the whole.
                    pinned.Etag = pinned.Modified = null;
                    throw new SourceLostException($"'{source.Host}' answered a range that was not asked for.");
                case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                    throw new SourceLostException($"'{source.Host}' answered {(int)answer.StatusCode}.");
                default:
                    throw new InvalidException($"'{source.GetLeftPart(UriPartial.Path)}' was answered with {(int)answer.StatusCode} ({answer.ReasonPhrase}). Check the address, and that it can be read without signing in.");
            }
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public async Task<ImportObject?> LookAsync(Uri uri, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(uri, _ => { }, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => Describe(uri, answer),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => null,
            _ => throw new SourceLostException($"'{uri.Host}' answered {(int)answer.StatusCode}."),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(Uri source, Action<HttpRequestMessage> prepare, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(source, prepare, cancellationToken);
        }
        catch (Exception e) when (Inner(e) is { } ours)
        {
            throw new ForbiddenException(ours.Message);
        }
        catch (HttpRequestException e)
        {
            throw new SourceLostException($"'{source.Host}' cannot be reached: {(e.InnerException ?? e).Message}", e);
        }
    }

    private static async Task<Stream> BodyAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        new AnswerStream(answer, await answer.Content.ReadAsStreamAsync(cancellationToken));

    private static ImportObject Describe(Uri source, HttpResponseMessage answer) => new()
    {
        Name = source.AbsoluteUri,
        Etag = answer.Headers.ETag is { IsWeak: false } etag ? etag.Tag : null,
        Modified = answer.Content.Headers.LastModified?.ToString("r", CultureInfo.InvariantCulture),
        Bytes = answer.Content.Headers.ContentLength ?? -1,
    };

    /// <summary>What makes sure that a range is of the same file; null when the server names nothing for it.</summary>
    private static RangeConditionHeaderValue? Validator(ImportObject pinned) => pinned switch
    {
        { Etag: { } etag } => new RangeConditionHeaderValue(new EntityTagHeaderValue(etag)),
        { Modified: { } modified } => new RangeConditionHeaderValue(DateTimeOffset.Parse(modified, CultureInfo.InvariantCulture)),
        _ => null,
    };

    private static ForbiddenException? Inner(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is ForbiddenException ours)
            {
                return ours;
            }
        }

        return null;
    }
}
