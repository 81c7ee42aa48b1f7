using System.CommandLine;
using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL.Demo;

/// <summary><c>odl demo</c></summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave the node's folder behind." };
        var stay = new Option<bool>("--stay") { Description = "Go on serving until Ctrl-C." };
        var command = new Command("demo", "The whole cycle on handwritten digits, in about a minute: data, training, judging, serving, and a better model by itself.") { keep, stay };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Its lines are part of what it promises, so they come with --json too; the object is the last of them.
            var screen = new Screen(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, json: false, terminal: !Console.IsErrorRedirected);
            var folder = Directory.CreateTempSubdirectory("odl-demo-").FullName;
            try
            {
                await using var node = DemoNode.Start(folder);
                var report = await new DemoRun(node, screen, TimeProvider.System).RunAsync(cancellationToken);
                if (parsed.GetValue(GlobalOptions.Json))
                {
                    screen.Line(JsonSerializer.Serialize(report, OdlJson.Options));
                }

                if (parsed.GetValue(stay))
                {
                    screen.Note($"Still serving at {node.Url}. In another shell: odl --data {folder} deployment show {DemoRun.Name}. Ctrl-C stops it.");
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }

                return report.Ok ? 0 : 1;
            }
            finally
            {
                if (parsed.GetValue(keep))
                {
                    screen.Note($"The node's folder is {folder}. 'odl up --data {folder}' starts it again.");
                }
                else
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        });
        return command;
    }
}
