using System.CommandLine;
using System.CommandLine.Invocation;
using OrleansDL.Datasets;
using OrleansDL.Demo;
using OrleansDL.Events;
using OrleansDL.Identity;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Nodes;
using OrleansDL.Output;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Training;
using OrleansDL.UserCode;
using OrleansDL.Workflows;

namespace OrleansDL;

/// <summary>The whole command line: its commands, and what its exit codes mean.</summary>
internal static class OdlCommand
{
    private const int Failed = 1;
    private const int Misused = 2;
    private const int Interrupted = 130;

    /// <summary>Longer than a node's drain: a host that is told to stop must not be cut off while it does.</summary>
    private static readonly TimeSpan Leave = TimeSpan.FromSeconds(20);

    public static RootCommand Create() => new("OrleansDL: datasets, training, models, serving and workflows in one node or a cluster.")
    {
        GlobalOptions.Data,
        GlobalOptions.Url,
        GlobalOptions.Token,
        GlobalOptions.Project,
        GlobalOptions.Json,
        NodeCommands.Up(),
        NodeCommands.Server(),
        WorkerDrainCommands.AddTo(NodeCommands.Worker()),
        DemoCommand.Create(),
        DatasetCommands.Create(),
        RunCommands.Create(),
        ModelCommands.Create(),
        CodeCommands.Create(),
        SecretCommands.Create(),
        LineageCommand.Create(),
        DeploymentCommands.Create(),
        PredictCommand.Create(),
        BatchPredictionCommands.Start(),
        BatchPredictionCommands.List(),
        MetricsCommand.Create(),
        FeedbackCommands.Create(),
        WorkflowCommands.Create(),
        EventsCommand.Create(),
        ProjectCommands.Create(),
        TokenCommands.Create(),
        WorkersCommand.Create(),
        PoolCommands.Create(),
        AdminCommands.Create(),
    };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var parsed = Create().Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var mistake in parsed.Errors)
            {
                await error.WriteLineAsync($"odl: {mistake.Message}");
            }

            await error.WriteLineAsync($"'{CommandPath(parsed)} --help' shows how it is used.");
            return Misused;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Leave },
                cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception e) when (e is OrleansDLException or IOException or UnauthorizedAccessException or HttpRequestException)
        {
            await error.WriteLineAsync($"odl: {Format.OneLine(e.Message)}");
            return Failed;
        }
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new List<string>();
        for (var at = parsed.CommandResult; at is not null; at = at.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, at.Command is RootCommand ? "odl" : at.Command.Name);
        }

        return string.Join(' ', names);
    }
}
