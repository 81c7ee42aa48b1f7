using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansDL.Events;

/// <summary>The events of the client's project.</summary>
public sealed class EventsClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly OdlConnection _http;

    internal EventsClient(OdlConnection http) => _http = http;

    /// <summary>Up to <paramref name="limit"/> (1 to 1000) events after a sequence number, oldest first.</summary>
    public Task<IReadOnlyList<PlatformEvent>> ReadAsync(long after = 0, int limit = 100, CancellationToken cancellationToken = default) =>
        _http.GetItemsAsync<PlatformEvent>(OdlConnection.Query(Root, ("after", Text(after)), ("limit", Text(limit))), cancellationToken);

    /// <summary>Every event after a sequence number as it happens, without end. A lost connection is taken up again where it broke.</summary>
    public async IAsyncEnumerable<PlatformEvent> FollowAsync(long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await using var feed = await _http.OpenAsync(
                OdlConnection.Query(Root, ("after", Text(after))), cancellationToken, ("Accept", "text/event-stream"), ("Last-Event-ID", Text(after)));
            await using var events = SseParser.Create(feed, static (_, data) => JsonSerializer.Deserialize<PlatformEvent>(data, OdlJson.Options))
                .EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await NextAsync(events))
            {
                if (events.Current.Data is { } next && next.Sequence > after)
                {
                    after = next.Sequence;
                    yield return next;
                }
            }

            await Task.Delay(Pause, _http.Time, cancellationToken);
        }
    }

    private string Root => $"{_http.Project}/events";

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<SseItem<PlatformEvent?>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The feed broke: the caller asks again from the last event it saw, and that call tells when nobody is there.
            return false;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
