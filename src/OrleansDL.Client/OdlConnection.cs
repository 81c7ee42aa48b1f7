using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansDL;

/// <summary>Sends calls: address, token, retries, paging, errors. The component clients only name routes and types.</summary>
internal sealed class OdlConnection : IDisposable
{
    private const int PageSize = 200;

    private readonly HttpClient _http;
    private readonly OdlClientOptions _options;

    public OdlConnection(Uri url, string? token, string project, OdlClientOptions options)
    {
        _options = options;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 256,
        })
        {
            BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Add("odl-project", project);
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        Project = $"v1/projects/{Escape(project)}";
    }

    /// <summary>Path of the project; the routes of its things are below it.</summary>
    public string Project { get; }
    public TimeProvider Time => _options.Time;

    public static string Escape(string part) => Uri.EscapeDataString(part);

    /// <summary>A path of several parts; its slashes stay.</summary>
    public static string EscapePath(string path) => string.Join('/', path.Split('/').Select(Escape));

    /// <summary>A path with the parameters that have a value.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (value is not null)
            {
                path += $"{separator}{name}={Escape(value)}";
                separator = '&';
            }
        }

        return path;
    }

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Get, path, null, null, cancellationToken);

    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Post, path, () => Json(body), null, cancellationToken);

    /// <summary>As <see cref="PostAsync"/>, for what takes as long as it takes.</summary>
    public Task<T> PostPatientlyAsync<T>(string path, object? body, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Post, path, () => Json(body), null, cancellationToken, patient: true);

    public Task<T> PutAsync<T>(string path, object body, string? ifMatch, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Put, path, () => Json(body), ifMatch, cancellationToken);

    public Task<T> PatchAsync<T>(string path, object body, string? ifMatch, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Patch, path, () => Json(body), ifMatch, cancellationToken);

    public async Task DeleteAsync(string path, string? ifMatch, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, path, null, ifMatch, _options.Timeout, false, cancellationToken);
    }

    /// <summary>Sends and reads the answer's body; a body of <see cref="JsonElement"/> stays as it is.</summary>
    /// <remarks>Patient calls take as long as they take. What is sent once is not tried again, whatever happens.</remarks>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, Func<HttpContent>? content, string? ifMatch, CancellationToken cancellationToken, bool patient = false, bool once = false)
    {
        using var answer = await SendAsync(method, path, content, ifMatch, patient ? Timeout.InfiniteTimeSpan : _options.Timeout, once, cancellationToken);
        if (answer.Content.Headers.ContentLength is 0 || answer.StatusCode is HttpStatusCode.NoContent)
        {
            return default!;
        }

        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(OdlJson.Options, cancellationToken)
                ?? throw new UnexpectedAnswerException($"{method} /{path} was answered with no body.", "internal", (int)answer.StatusCode);
        }
        catch (JsonException e)
        {
            throw new UnexpectedAnswerException(
                $"{method} /{path} was answered with a body this client does not understand: {e.Message} Check that client and server are of the same version.",
                "internal", (int)answer.StatusCode);
        }
    }

    /// <summary>A list that comes whole, in one page.</summary>
    public async Task<IReadOnlyList<T>> GetItemsAsync<T>(string path, CancellationToken cancellationToken) =>
        (await GetAsync<Page<T>>(path, cancellationToken)).Items;

    /// <summary>Walks a list page by page.</summary>
    public async IAsyncEnumerable<T> ListAsync<T>(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var page = await GetAsync<Page<T>>(
                $"{path}{separator}pageSize={PageSize}" + (next is null ? "" : $"&pageToken={Escape(next)}"), cancellationToken);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            next = page.NextPageToken;
        }
        while (next is not null);
    }

    /// <summary>Opens a body to be read as it arrives. Disposing the stream ends the call.</summary>
    public async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync(HttpMethod.Get, path, null, null, Timeout.InfiniteTimeSpan, false, cancellationToken, headers);
        return new ResponseStream(answer, await answer.Content.ReadAsStreamAsync(cancellationToken));
    }

    /// <summary>Asks once and answers whatever came back.</summary>
    public async Task<HttpResponseMessage> ProbeAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await _http.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Json(object? body) => body is null
        ? new ByteArrayContent([])
        : new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), OdlJson.Options))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, Func<HttpContent>? content, string? ifMatch, TimeSpan timeout, bool once,
        CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        // The same key on every try: whatever the server made on a try whose answer was lost, it answers again.
        var key = method == HttpMethod.Get ? null : Guid.NewGuid().ToString();
        var pause = _options.FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            // An If-Match that took effect fails when it is sent again, so a lost answer is the caller's to judge.
            var last = once || attempt >= _options.Attempts || ifMatch is not null;
            using var request = new HttpRequestMessage(method, path) { Content = content?.Invoke() };
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            if (ifMatch is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            }

            foreach (var (name, value) in headers)
            {
                request.Headers.Add(name, value);
            }

            using var limit = new CancellationTokenSource(timeout, _options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
                if (answer.IsSuccessStatusCode)
                {
                    if (timeout != Timeout.InfiniteTimeSpan)
                    {
                        await answer.Content.LoadIntoBufferAsync(either.Token);
                    }

                    return answer;
                }

                using (answer)
                {
                    if (answer.StatusCode is not HttpStatusCode.ServiceUnavailable || last)
                    {
                        throw await Problems.ReadAsync(answer, either.Token);
                    }
                }
            }
            catch (HttpRequestException) when (!last)
            {
            }
            catch (HttpRequestException e)
            {
                throw new UnreachableException(
                    $"{_http.BaseAddress} did not answer {method} /{path}: {(e.InnerException ?? e).Message.TrimEnd('.')}. Check the address, and that a node is up there ('odl up').");
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new UnreachableException(
                    $"{_http.BaseAddress} did not answer {method} /{path} within {timeout.TotalSeconds:0} seconds. Look at the node's log, or allow more time.");
            }

            await Task.Delay(pause, _options.Time, cancellationToken);
            pause = pause * 2 < _options.MaximumPause ? pause * 2 : _options.MaximumPause;
        }
    }
}
