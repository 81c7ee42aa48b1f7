namespace OrleansDL.Tests.Harness;

/// <summary>A stream of a decoupled model that answers for ever, read as server-sent events.</summary>
internal sealed class EndlessStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _events;

    private EndlessStream(HttpResponseMessage response, StreamReader events) => (_response, _events) = (response, events);

    /// <summary>Asks, and waits for the first answer.</summary>
    /// <param name="api">The server.</param>
    /// <param name="deployment">Whom it asks; of tests/OrleansDL.TestPredictor, which takes -7 for the order to answer for ever.</param>
    public static async Task<EndlessStream> OpenAsync(Api api, string deployment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{deployment}/generate_stream") { Content = new StringContent("""{"x":[-7]}""") };
        var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        var stream = new EndlessStream(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        Assert.Contains("\"y\"", await stream.NextAsync(CancellationToken.None), StringComparison.Ordinal);
        return stream;
    }

    /// <summary>The next event's text; null at the end.</summary>
    public async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await _events.ReadLineAsync(cancellationToken);
        }
        while (line is "");
        return line;
    }

    /// <summary>Reads to the end; the last event, or null when it was cancelled before.</summary>
    public async Task<string?> LastAsync(CancellationToken cancellationToken)
    {
        try
        {
            string? last = null;
            while (await NextAsync(cancellationToken) is { } next)
            {
                last = next;
            }

            return last;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _events.Dispose();
        _response.Dispose();
    }
}
