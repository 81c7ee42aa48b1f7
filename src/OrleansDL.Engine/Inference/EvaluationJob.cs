using System.Globalization;
using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Inference;

/// <summary>The program behind <see cref="TrainingProgram.Evaluate"/>: judges a model on every row of a dataset, one row a call as it will be served.</summary>
public static class EvaluationJob
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(0.25);

    /// <summary>Writes <c>metrics.json</c> and <c>predictions.jsonl</c>.</summary>
    /// <exception cref="OrleansDLException">The model cannot judge the dataset; the message says why.</exception>
    public static TrainingEnd Run(RunnerAssignment assignment, string dataFolder, string outputFolder, TrainingHooks hooks, TimeProvider time)
    {
        TrainingSpecRules.Check(assignment.Spec);
        using var session = ModelSession.Load(
            assignment.ModelDirectory ?? throw new InvalidException("The assignment names no modelDirectory, which program 'evaluate' needs."),
            assignment.Spec.Model ?? "model");
        session.Warm();
        using var source = new RowSource(assignment, dataFolder);
        var columns = Match(session.Pipeline, source, assignment.Spec.Input?.Label);
        Directory.CreateDirectory(outputFolder);
        var judgement = new Judgement(session.Labels.Count);
        var latencies = new List<double>();
        var predictions = Path.Combine(outputFolder, "predictions.jsonl");
        using (var output = new FileStream(predictions + ".part", FileMode.Create))
        {
            JudgeAll(session, source, columns, output, judgement, latencies, hooks, time);
            output.Flush(flushToDisk: true);
        }

        if (hooks.IsStopping)
        {
            File.Delete(predictions + ".part");
            return TrainingEnd.Stopped;
        }

        File.Move(predictions + ".part", predictions, overwrite: true);
        Artifact.WriteJson(outputFolder, "metrics.json", Metrics(judgement, latencies, session.Labels));
        hooks.Logged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Judged {judgement.Rows} rows: accuracy {judgement.Accuracy:0.0000}"));
        if (judgement.UnknownLabels > 0)
        {
            hooks.Logged?.Invoke($"{judgement.UnknownLabels} rows have a label that the model does not know; they count as wrong");
        }

        return TrainingEnd.Done;
    }

    private static void JudgeAll(
        ModelSession session, RowSource source, (int[] Inputs, int Label) columns, Stream output, Judgement judgement, List<double> latencies, TrainingHooks hooks, TimeProvider time)
    {
        var labels = session.Labels.Index().ToDictionary(label => label.Item, label => label.Index, StringComparer.Ordinal);
        var probabilities = new float[session.Labels.Count];
        var started = time.GetTimestamp();
        var reported = started;
        var wanted = new bool[source.Columns.Count];
        foreach (var column in (int[])[.. columns.Inputs, columns.Label])
        {
            wanted[column] = true;
        }

        source.Read(wanted, row =>
        {
            if (hooks.IsStopping)
            {
                return;
            }

            var label = LabelReader.Read(row, columns.Label, source.Columns[columns.Label].Name);
            var begun = time.GetTimestamp();
            session.JudgeRow(row, columns.Inputs, probabilities);
            latencies.Add(time.GetElapsedTime(begun).TotalSeconds);
            var actual = labels.GetValueOrDefault(label, -1);
            var predicted = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(probabilities);
            judgement.Add(actual, predicted, actual < 0 ? 0 : -Math.Log(Math.Max(probabilities[actual], float.Epsilon)));
            WritePrediction(output, judgement.Rows, label, session.Labels[predicted], probabilities[predicted]);
            if (time.GetElapsedTime(reported) >= ReportInterval)
            {
                reported = time.GetTimestamp();
                Report(hooks, judgement, time.GetElapsedTime(started).TotalSeconds, source.Rows);
            }
        });
    }

    private static void WritePrediction(Stream output, long number, string label, string predicted, float score)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = OdlJson.Options.Encoder });
        json.WriteStartObject();
        json.WriteNumber("row", number);
        json.WriteString("label", label);
        json.WriteString("predicted", predicted);
        json.WriteNumber("score", score);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void Report(TrainingHooks hooks, Judgement judgement, double elapsed, long total) => hooks.Progressed?.Invoke(
        [],
        new RunProgress
        {
            Step = judgement.Rows,
            TotalSteps = total,
            Epoch = 1,
            SamplesPerSecond = judgement.Rows / elapsed,
            EtaSeconds = elapsed / judgement.Rows * Math.Max(0, total - judgement.Rows),
        });

    /// <summary>The dataset's columns that the pipeline's inputs and the label are read from, by name.</summary>
    private static (int[] Inputs, int Label) Match(Pipeline pipeline, RowSource source, string? label)
    {
        var names = source.Columns.Select(column => column.Name).ToList();
        int Find(string name, string what)
        {
            var column = names.IndexOf(name);
            return column >= 0
                ? column
                : throw new InvalidException($"The dataset lacks column '{name}', which is {what} of the model. Columns: {string.Join(", ", names.Take(50))}.");
        }

        return ([.. pipeline.Inputs.Select(input => Find(input, "an input"))], Find(label ?? pipeline.LabelColumn, "the label"));
    }

    private static SortedDictionary<string, double> Metrics(Judgement judgement, List<double> latencies, IReadOnlyList<string> labels)
    {
        if (judgement.Rows == 0)
        {
            throw new InvalidException("The dataset has no rows to judge the model on. Commit some.");
        }

        latencies.Sort();
        var (low, high) = judgement.Interval();
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["accuracy"] = judgement.Accuracy,
            ["accuracy.low"] = low,
            ["accuracy.high"] = high,
            ["loss"] = judgement.Loss,
            ["rows"] = judgement.Rows,
            ["correct"] = judgement.Correct,
            ["unknownLabels"] = judgement.UnknownLabels,
            ["f1.macro"] = judgement.MacroF1,
            ["latencyP50Seconds"] = latencies[(int)(0.5 * (latencies.Count - 1))],
            ["latencyP99Seconds"] = latencies[(int)(0.99 * (latencies.Count - 1))],
        };
        TrainingJob.AddLabels(metrics, labels, judgement, "");
        return metrics;
    }
}
