using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl run checkpoints</c> and <c>odl run fork</c></summary>
internal static class CheckpointCommands
{
    private static readonly Argument<string> Run = new("run") { Description = "Name or id of the run." };

    public static Command List() => new Command("checkpoints", "List the checkpoints a run keeps.") { Run }.Does((session, cancel) =>
        session.Screen.ListAsync(
            session.Client.TrainingRuns.ListCheckpointsAsync(session.Get(Run), cancel),
            int.MaxValue,
            ["step", "score", "bytes", "time", "attempt"],
            c => [$"{c.Step}", c.Score is { } score ? Format.Number(score) : "-", $"{c.Bytes}", Format.Time(c.Time), $"{c.Attempt}"],
            cancel));

    public static Command Fork()
    {
        var step = new Option<long?>("--from-checkpoint") { Description = "Step of the checkpoint; otherwise the newest." };
        var name = new Option<string?>("--name") { Description = "Name of the new run." };
        var epochs = new Option<int?>("--epochs") { Description = "Times through the data, those before the checkpoint among them." };
        var rate = new Option<double?>("--learning-rate") { Description = "Size of a step." };
        var set = new Option<string[]>("--set") { Description = "Anything else of the spec that changes, for example schedule={\"kind\":\"cosine\"}.", DefaultValueFactory = _ => [] };
        return new Command("fork", "Start a new run that goes on from a checkpoint of another.") { Run, step, name, epochs, rate, set }.Does(async (session, cancel) =>
        {
            var source = await session.Client.TrainingRuns.GetAsync(session.Get(Run), cancel);
            var spec = Change(Found(source, session.Get(rate)), session.Get(set)!) with
            {
                Name = session.Get(name),
                Dataset = $"{source.DatasetName}@v{source.DatasetVersion}",
                Selection = null,
                Fork = new ForkSpec { Run = source.Id.ToString(), Step = session.Get(step) },
            };
            spec = spec with { Epochs = session.Get(epochs) ?? spec.Epochs, LearningRate = session.Get(rate) ?? spec.LearningRate };
            var run = await session.Client.TrainingRuns.CreateAsync(spec, cancel);
            session.Screen.Show(run, r => session.Screen.Line($"Started run {r.Name} from step {r.Spec.Fork!.Step} of {source.Name}. 'odl run watch {r.Name}' follows it."));
            return 0;
        });
    }

    /// <summary>A run that goes on does not look for its rate again: it has the one that was found.</summary>
    private static TrainingSpec Found(TrainingRun source, double? given) => source.Spec.RateFinder is null
        ? source.Spec
        : source.Spec with
        {
            RateFinder = null,
            LearningRate = given ?? (source.Metrics?.TryGetValue("find.learningRate", out var found) == true
                ? found
                : throw new InvalidException($"Run '{source.Name}' looks for its learning rate, and tells the one it found at its end. Give one with --learning-rate.")),
        };

    private static TrainingSpec Change(TrainingSpec spec, IEnumerable<string> changes)
    {
        var json = JsonSerializer.SerializeToNode(spec, OdlJson.Options)!.AsObject();
        foreach (var change in changes)
        {
            var (key, value) = change.IndexOf('=') is > 0 and var at
                ? (change[..at], change[(at + 1)..])
                : throw new InvalidException($"--set '{change}' is no KEY=VALUE. For example: --set weightDecay=0.01");
            json[key] = Parse(value);
        }

        try
        {
            return json.Deserialize<TrainingSpec>(OdlJson.Options)!;
        }
        catch (JsonException error)
        {
            throw new InvalidException($"With --set the spec is none any more: {error.Message}");
        }
    }

    /// <summary>JSON, or plain text where it is none.</summary>
    private static JsonNode? Parse(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);
        }
    }
}
