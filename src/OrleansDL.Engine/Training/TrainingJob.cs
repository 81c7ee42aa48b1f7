using System.Globalization;
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

    /// <exception cref="OrleansDLException">The run cannot succeed; the message says why and what to change.</exception>
    public static TrainingEnd Run(
        RunnerAssignment assignment, string dataFolder, string outputFolder, string checkpointFolder, string device, TrainingHooks hooks, TimeProvider time)
    {
        TrainingSpecRules.Check(assignment.Spec);
        using var data = TrainingData.Load(assignment, dataFolder);
        hooks.Logged?.Invoke(Describe(data));
        TorchLibrary.Load();
        using var head = Head.For(assignment.Spec, data);
        var definition = Define(assignment.Spec, data.Pipeline, head);
        using var loop = new TrainingLoop(assignment, data, head, definition, Devices.Open(device), checkpointFolder, hooks, time);
        var resume = Path.Combine(checkpointFolder, ResumeFile);
        if (File.Exists(resume))
        {
            loop.Restore(resume);
        }

        var end = loop.Run();
        if (end is TrainingEnd.Done)
        {
            var judgement = loop.Judge(data.Validation);
            Artifact.Write(outputFolder, loop.Network, definition, data, Metrics(loop, data, judgement));
            hooks.Logged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Trained {loop.State.Step} steps in {loop.State.Seconds:0.0} s"));
        }

        return end;
    }

    internal static NetworkDefinition Define(TrainingSpec spec, Pipeline pipeline, Head head) => new()
    {
        Network = NetworkFamilies.WithDefaults(spec.Network!),
        Input = pipeline.RowShape,
        Vocabulary = pipeline is TextPipeline text ? text.Vocabulary.Count + TextPipeline.FirstWord : null,
        Head = head.Name is HeadNames.Label ? null : head.Name,
        Classes = head.Outputs,
    };

    private static string Describe(TrainingData data)
    {
        var unknown = data.UnknownLabels == 0
            ? ""
            : $"; {data.UnknownLabels} validation rows have a label that no training row has, and count as wrong";
        return $"{data.Training.Count} training rows, {data.Validation.Count} validation rows, {data.Pipeline.Labels.Count} labels{(data.Training.Encoded is null ? ", read ahead from the shards" : "")}{unknown}";
    }

    private static SortedDictionary<string, double> Metrics(TrainingLoop loop, TrainingData data, Judge validation)
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
        if (validation.Rows > 0)
        {
            validation.AddMetrics(metrics, "validation.");
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
