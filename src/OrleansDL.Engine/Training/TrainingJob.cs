using System.Globalization;
using OrleansDL.Collectives;
using OrleansDL.Data;
using OrleansDL.Evaluation;
using OrleansDL.Heads;
using OrleansDL.Native;
using OrleansDL.Networks;
using OrleansDL.Pipelines;

namespace OrleansDL.Training;

/// <summary>The program behind <see cref="TrainingProgram.Train"/>: reads the dataset, trains the network, leaves the artifact.</summary>
public static class TrainingJob
{
    /// <summary>The checkpoint a run goes on from, if it lies in the checkpoint folder.</summary>
    public const string ResumeFile = "checkpoint.safetensors";

    /// <param name="gang">The workers that train it together; null: this process alone.</param>
    /// <exception cref="OrleansDLException">The run cannot succeed; the message says why and what to change.</exception>
    /// <exception cref="GroupLostException">A worker of the gang was lost, or they never came together: the run goes on from its last checkpoint another time.</exception>
    public static TrainingEnd Run(
        RunnerAssignment assignment, string dataFolder, string outputFolder, string checkpointFolder, string device, TrainingHooks hooks, TimeProvider time, Gang? gang = null)
    {
        TrainingSpecRules.Check(assignment.Spec);
        using var data = TrainingData.Load(assignment, dataFolder);
        hooks.Logged?.Invoke(Describe(data));
        TorchLibrary.Load();
        using var head = Head.For(assignment.Spec, data);
        var definition = Define(assignment.Spec, data.Pipeline, head);
        var opened = Devices.Open(device);
        using var group = gang?.Form(assignment, time);
        using var exchange = group is null ? null : RingExchange.For(group, opened);
        try
        {
            return Train(assignment, data, head, definition, opened, outputFolder, checkpointFolder, hooks, time, exchange);
        }
        catch (Exception error) when (error is not GroupLostException)
        {
            group?.Abort($"Rank {gang!.Rank} failed: {error.Message}");
            throw;
        }
    }

    private static TrainingEnd Train(
        RunnerAssignment assignment, TrainingData data, Head head, NetworkDefinition definition, TorchSharp.torch.Device device, string outputFolder, string checkpointFolder,
        TrainingHooks hooks, TimeProvider time, IGradientExchange? exchange)
    {
        using var loop = new TrainingLoop(assignment, data, head, definition, device, checkpointFolder, hooks, time, exchange);
        var resume = Path.Combine(checkpointFolder, ResumeFile);
        if (File.Exists(resume))
        {
            loop.Restore(resume);
        }

        var end = loop.Run();

        // All hold the same weights now: what is left is rank 0's alone.
        exchange?.Dispose();
        if (end is TrainingEnd.Stopped || exchange?.Share.Rank > 0)
        {
            return end;
        }

        if (assignment.Spec.RateFinder?.Then == "stop")
        {
            Directory.CreateDirectory(outputFolder);
            Artifact.WriteJson(outputFolder, "metrics.json", new Dictionary<string, double> { [FoundRate] = loop.State.FoundRate!.Value });
        }
        else
        {
            var slices = data.Slices is { } table ? new SliceJudges(table, data.Pipeline) : null;
            var judgement = loop.Judge(data.Validation, slices);
            Artifact.Write(outputFolder, loop.Network, definition, data, Metrics(loop, data, judgement, slices));
            if (judgement is { Rows: > 0, Confusion: { } confusion })
            {
                Artifact.WriteJson(outputFolder, "confusion.json", confusion);
            }
            hooks.Logged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Trained {loop.State.Step} steps in {loop.State.Seconds:0.0} s"));
        }

        return end;
    }

    /// <summary>The metric that says which learning rate the finder found.</summary>
    private const string FoundRate = "find.learningRate";

    internal static NetworkDefinition Define(TrainingSpec spec, Pipeline pipeline, Head head) => new()
    {
        Network = NetworkFamilies.WithDefaults(spec.Network!),
        Input = pipeline.RowShape,
        Vocabulary = pipeline is TextPipeline text ? text.TokenCount : null,
        Head = head.Name is HeadNames.Label ? null : head.Name,
        Categorical = pipeline is TablePipeline table && table.Columns.Where(column => column.Type is TableColumnKind.Index).ToList() is { Count: > 0 } embedded
            ? new CategoricalColumns { Cardinalities = [.. embedded.Select(column => column.Values!.Count + 1L)] }
            : null,
        Classes = head.Outputs,
    };

    private static string Describe(TrainingData data)
    {
        var unknown = data.UnknownLabels == 0
            ? ""
            : $"; {data.UnknownLabels} validation rows have a label that no training row has, and count as wrong";
        return $"{data.Training.Count} training rows, {data.Validation.Count} validation rows, {data.Pipeline.Labels.Count} labels{(data.Training.Encoded is null ? ", read ahead from the shards" : "")}{unknown}";
    }

    private static SortedDictionary<string, double> Metrics(TrainingLoop loop, TrainingData data, Judge validation, SliceJudges? slices)
    {
        var state = loop.State;
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["train.loss"] = state.History[^1].TrainLoss,
            ["train.samples"] = data.Training.Count,
            ["train.steps"] = state.Step,
            ["train.seconds"] = Math.Round(state.Seconds, 3),
            ["train.data.waitShare"] = Math.Round(loop.WaitShare, 4),
        };
        if (state.FoundRate is { } found)
        {
            metrics[FoundRate] = found;
        }

        if (validation.Rows > 0)
        {
            validation.AddMetrics(metrics, "validation.");
            validation.AddDetails(metrics, "validation.");
            slices?.AddMetrics(metrics, "validation.");
            metrics["validation.samples"] = validation.Rows;
            if (validation.Loss is { } loss)
            {
                metrics["validation.loss"] = loss;
            }

            metrics[$"validation.best{char.ToUpperInvariant(validation.Headline[0])}{validation.Headline[1..]}"] = Best(state, validation);
            metrics["validation.bestEpoch"] = state.Best?.Epoch ?? state.Epoch;
        }

        return metrics;
    }

    private static double Best(TrainingState state, Judge validation) =>
        state.Best?.Validation?.GetValueOrDefault(validation.Headline) ?? state.Best?.ValidationAccuracy ?? validation.HeadlineValue;
}
