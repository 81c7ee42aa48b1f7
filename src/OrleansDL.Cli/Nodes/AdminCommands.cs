using System.CommandLine;
using OrleansDL.Blobs;
using OrleansDL.Output;

namespace OrleansDL.Nodes;

/// <summary><c>odl admin ...</c></summary>
internal static class AdminCommands
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    public static Command Create() => new("admin", "Look after the node itself.") { Status(), Wait(), BlobCommands.Create() };

    private static Command Status() => new Command("status", "Whether the node is ready, and what your token may do.").Does(async (session, cancel) =>
    {
        var ready = await session.Client.IsReadyAsync(cancel);
        var own = await session.Client.Tokens.GetOwnAsync(cancel);
        session.Screen.Show(new { url = session.Client.Url, ready, own.Role, own.Project, own.Title }, s => session.Screen.Facts(
            ("node", s.url.AbsoluteUri),
            ("ready", s.ready ? "yes" : "no"),
            ("token", $"{s.Title}, {Format.Of(s.Role)} of {s.Project ?? "all projects"}")));
        return ready ? 0 : 1;
    });

    private static Command Wait()
    {
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            Description = "How long at most.",
            CustomParser = Durations.Parse,
            DefaultValueFactory = _ => TimeSpan.FromSeconds(60),
        };
        return new Command("wait", "Wait until the node is ready.") { timeout }.Does(async (session, cancel) =>
        {
            var started = session.Time.GetTimestamp();
            while (!await IsReadyAsync(session, cancel))
            {
                if (session.Time.GetElapsedTime(started) > session.Get(timeout))
                {
                    throw new UnreachableException($"The node was not ready within {session.Get(timeout)!.Value.TotalSeconds:0} seconds. Its log says what it waits for.");
                }

                await Task.Delay(Glance, session.Time, cancel);
            }
        });
    }

    private static async Task<bool> IsReadyAsync(Session session, CancellationToken cancellationToken)
    {
        using var now = session.Again();
        try
        {
            if (now.Connection.Token is null || !await now.Client.IsReadyAsync(cancellationToken))
            {
                return false;
            }
        }
        catch (NotFoundException)
        {
            // The node has not made its folder yet.
            return false;
        }

        now.Screen.Line($"{now.Connection.Url} is ready.");
        return true;
    }
}
