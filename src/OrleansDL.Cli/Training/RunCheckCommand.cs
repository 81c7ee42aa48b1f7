using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl run check</c>: a spec as it would be taken, and its network before it is trained.</summary>
internal static class RunCheckCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The spec, a JSON file; '-' is standard input." };
        return new Command("check", "Check a spec and show its network, starting nothing.") { file }.Does(async (session, cancel) =>
        {
            var spec = await Files.ReadJsonAsync<TrainingSpec>(session.Get(file), cancel);
            session.Screen.Show(await session.Client.TrainingRuns.CheckAsync(spec, cancel), check => Print(session.Screen, check));
        });
    }

    private static void Print(Screen screen, TrainingCheck check)
    {
        if (check.Network is { } network)
        {
            screen.Table(
                ["block", "kind", "output", "parameters"],
                network.Blocks.Select(block => new string?[] { block.Name, block.Kind, Shape(block.Output), Format.Count(block.Parameters) }));
        }

        screen.Facts(
            ("dataset", $"{check.DatasetName}@v{check.DatasetVersion}, {Format.Count(check.Rows)} rows"),
            ("network", check.Network is { } summary ? $"{summary.Family}, {Shape(summary.Input)} to {Shape(summary.Output)}" : null),
            ("parameters", check.Network is null ? null : $"{Format.Count(check.Network.Parameters)}, {Format.Bytes(check.Network.WeightBytes)}"),
            ("training", check.Network is null ? null : $"about {Format.Bytes(check.Network.TrainingBytes)} of memory"));
        foreach (var note in check.Notes)
        {
            screen.Line($"note      {note}");
        }
    }

    private static string Shape(IReadOnlyList<long> sizes) => $"[{string.Join(", ", sizes)}]";
}
