using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Events;

/// <summary><c>odl events</c></summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "Only events after this sequence number." };
        var limit = new Option<int>("--limit") { Description = "How many at most, 1 to 1000.", DefaultValueFactory = _ => 100 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as they happen, until Ctrl-C." };
        return new Command("events", "What happened in the project.") { after, limit, follow }.Does(async (session, cancel) =>
        {
            if (session.Get(follow))
            {
                await foreach (var next in session.Client.Events.FollowAsync(session.Get(after), cancel))
                {
                    Print(session.Screen, next);
                }

                return;
            }

            foreach (var one in await session.Client.Events.ReadAsync(session.Get(after), session.Get(limit), cancel))
            {
                Print(session.Screen, one);
            }
        });
    }

    private static void Print(Screen screen, PlatformEvent one) =>
        screen.Show(one, e => screen.Line($"{e.Sequence,6}  {Format.Time(e.Time)}  {e.Type,-26} {e.Data}"));
}
