using System.Globalization;
using OrleansDL.Data;
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
        var definition = Define(assignment.Spec, data.Pipeline);
        using var loop = new TrainingLoop(assignment, data, definition, Devices.Open(device), checkpointFolder, hooks, time);
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

    internal static NetworkDefinition Define(TrainingSpec spec, Pipeline pipeline) => new()
    {
        Network = NetworkFamilies.WithDefaults(spec.Network!),
        Input = pipeline.RowShape,
        Vocabulary = pipeline is TextPipeline text ? text.Vocabulary.Count + TextPipeline.FirstWord : null,
        Classes = pipeline.Labels.Count,
    };

    private static string Describe(TrainingData data)
    {
        var unknown = data.UnknownLabels == 0
            ? ""
            : $"; {data.UnknownLabels} validation rows have a label that no training row has, and count as wrong";
        return $"{data.Training.Count} training rows, {data.Validation.Count} validation rows, {data.Pipeline.Labels.Count} labels{(data.Training.Encoded is null ? ", read ahead from the shards" : "")}{unknown}";
    }

    private static SortedDictionary<string, double> Metrics(TrainingLoop loop, TrainingData data, Judgement validation)
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
            metrics["validation.accuracy"] = validation.Accuracy;
            metrics["validation.loss"] = validation.Loss;
            metrics["validation.samples"] = validation.Rows;
            metrics["validation.unknownLabels"] = validation.UnknownLabels;
            metrics["validation.f1.macro"] = validation.MacroF1;
            metrics["validation.bestAccuracy"] = state.Best?.ValidationAccuracy ?? validation.Accuracy;
            metrics["validation.bestEpoch"] = state.Best?.Epoch ?? state.Epoch;
            AddLabels(metrics, data.Pipeline.Labels, validation, "validation.");
        }

        return metrics;
    }

    /// <summary>Precision, recall and F1 of each label, while they are few enough to be read.</summary>
    internal static void AddLabels(SortedDictionary<string, double> metrics, IReadOnlyList<string> labels, Judgement judgement, string prefix)
    {
        if (labels.Count > 100)
        {
            return;
        }

        foreach (var (number, label) in labels.Index())
        {
            if (judgement.Support(number) > 0)
            {
                metrics[$"{prefix}precision.{label}"] = judgement.Precision(number);
                metrics[$"{prefix}recall.{label}"] = judgement.Recall(number);
                metrics[$"{prefix}f1.{label}"] = judgement.F1(number);
            }
        }
    }
}
