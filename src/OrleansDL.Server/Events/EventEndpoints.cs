using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Events;

internal static class EventEndpoints
{
    private const string EventStreamType = "text/event-stream";

    public static void MapEvents(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/projects/{project}/events", async Task<IResult> (
            string project, HttpContext context, EventLog events, EventSignal signal, IGrainFactory grains, long after = 0, int limit = 100) =>
        {
            if (context.Request.Headers.Accept.ToString().Contains(EventStreamType, StringComparison.OrdinalIgnoreCase))
            {
                if (long.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var last))
                {
                    after = last;
                }

                return TypedResults.ServerSentEvents(FeedAsync(project, after, events, signal, context.RequestAborted));
            }

            var items = await grains.GetGrain<IEventsGrain>(project).ReadAsync(after, limit);
            return TypedResults.Ok(new Page<PlatformEvent> { Items = items });
        }).WithTags("Events").Produces<Page<PlatformEvent>>().RequireRole(Role.Viewer);

    private static async IAsyncEnumerable<SseItem<PlatformEvent>> FeedAsync(
        string project, long after, EventLog events, EventSignal signal, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = signal.NextAsync(project);
            foreach (var e in await events.ReadAsync(project, after, EventsGrain.MaximumLimit, cancellationToken))
            {
                after = e.Sequence;
                yield return new SseItem<PlatformEvent>(e, e.Type) { EventId = e.Sequence.ToString(CultureInfo.InvariantCulture) };
            }

            try
            {
                // A notice can be missed while a node is cut off: look again now and then.
                await next.WaitAsync(TimeSpan.FromSeconds(15), cancellationToken);
            }
            catch (TimeoutException)
            {
                continue;
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }
}
