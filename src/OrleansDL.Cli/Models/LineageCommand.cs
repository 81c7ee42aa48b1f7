using System.CommandLine;

namespace OrleansDL.Models;

/// <summary><c>odl lineage REFERENCE</c></summary>
internal static class LineageCommand
{
    public static Command Create()
    {
        var reference = new Argument<string>("reference") { Description = "An inference id, dataset:NAME@v2, run:NAME, model:NAME@3 or deployment:NAME." };
        var down = new Option<bool>("--down") { Description = "Walk to what was made from it, instead of to its sources." };
        var depth = new Option<int>("--depth") { Description = "Steps to walk at most, 1 to 50.", DefaultValueFactory = _ => 10 };
        return new Command("lineage", "Where something came from, or where it went.") { reference, down, depth }.Does(async (session, cancel) =>
        {
            var direction = session.Get(down) ? LineageDirection.Down : LineageDirection.Up;
            session.Screen.Show(await session.Client.Lineage.WalkAsync(session.Get(reference), direction, session.Get(depth), cancel), graph =>
            {
                foreach (var line in LineageTree.Lines(graph, direction))
                {
                    session.Screen.Line(line);
                }

                if (graph.Truncated)
                {
                    session.Screen.Note("There is more: --depth 50 walks further.");
                }
            });
        });
    }
}
