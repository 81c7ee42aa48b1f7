using System.Globalization;
using OrleansDL.Data;
using OrleansDL.Evaluation;
using OrleansDL.Pipelines;
using OrleansDL.Targets;
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
        var judge = Judge.For(session.Pipeline);
        var latencies = new List<double>();
        var predictions = Path.Combine(outputFolder, "predictions.jsonl");
        using (var output = new FileStream(predictions + ".part", FileMode.Create))
        {
            JudgeAll(session, source, columns, output, judge, latencies, hooks, time);
            output.Flush(flushToDisk: true);
        }

        if (hooks.IsStopping)
        {
            File.Delete(predictions + ".part");
            return TrainingEnd.Stopped;
        }

        File.Move(predictions + ".part", predictions, overwrite: true);
        Artifact.WriteJson(outputFolder, "metrics.json", Metrics(judge, latencies));
        hooks.Logged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Judged {judge.Rows} rows: {judge.Headline} {judge.HeadlineValue:0.0000}"));
        if (judge.UnknownLabels > 0)
        {
            hooks.Logged?.Invoke($"{judge.UnknownLabels} rows have a label that the model does not know; they count as wrong");
        }

        return TrainingEnd.Done;
    }

    private static void JudgeAll(
        ModelSession session, RowSource source, (int[] Inputs, int[] Targets) columns, Stream output, Judge judge, List<double> latencies, TrainingHooks hooks, TimeProvider time)
    {
        var target = Target.For(session.Pipeline);
        var answer = new byte[target.Bytes];
        var predictions = new PredictionLines(session.Pipeline, output);
        var started = time.GetTimestamp();
        var reported = started;
        var wanted = new bool[source.Columns.Count];
        foreach (var column in (int[])[.. columns.Inputs, .. columns.Targets])
        {
            wanted[column] = true;
        }

        source.Read(wanted, row =>
        {
            if (hooks.IsStopping)
            {
                return;
            }

            target.Read(row, columns.Targets, answer);
            var begun = time.GetTimestamp();
            session.JudgeRow(row, columns.Inputs, (input, logits) =>
            {
                latencies.Add(time.GetElapsedTime(begun).TotalSeconds);
                judge.Add(logits, answer, input);
                predictions.Write(judge.Rows, row, columns.Targets, logits);
            });
            if (time.GetElapsedTime(reported) >= ReportInterval)
            {
                reported = time.GetTimestamp();
                Report(hooks, judge, time.GetElapsedTime(started).TotalSeconds, source.Rows);
            }
        });
    }

    private static void Report(TrainingHooks hooks, Judge judge, double elapsed, long total) => hooks.Progressed?.Invoke(
        [],
        new RunProgress
        {
            Step = judge.Rows,
            TotalSteps = total,
            Epoch = 1,
            SamplesPerSecond = judge.Rows / elapsed,
            EtaSeconds = elapsed / judge.Rows * Math.Max(0, total - judge.Rows),
        });

    /// <summary>The dataset's columns that the pipeline's inputs and the label are read from, by name.</summary>
    private static (int[] Inputs, int[] Targets) Match(Pipeline pipeline, RowSource source, string? label)
    {
        var names = source.Columns.Select(column => column.Name).ToList();
        int Find(string name, string what)
        {
            var column = names.IndexOf(name);
            return column >= 0
                ? column
                : throw new InvalidException($"The dataset lacks column '{name}', which is {what} of the model. Columns: {string.Join(", ", names.Take(50))}.");
        }

        return ([.. pipeline.Inputs.Select(input => Find(input, "an input"))], [Find(label ?? pipeline.LabelColumn!, "the label")]);
    }

    private static SortedDictionary<string, double> Metrics(Judge judge, List<double> latencies)
    {
        if (judge.Rows == 0)
        {
            throw new InvalidException("The dataset has no rows to judge the model on. Commit some.");
        }

        latencies.Sort();
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["rows"] = judge.Rows,
            ["latencyP50Seconds"] = latencies[(int)(0.5 * (latencies.Count - 1))],
            ["latencyP99Seconds"] = latencies[(int)(0.99 * (latencies.Count - 1))],
        };
        judge.AddMetrics(metrics, "");
        if (judge.Loss is { } loss)
        {
            metrics["loss"] = loss;
        }

        if (judge is LabelJudge labels)
        {
            (metrics["accuracy.low"], metrics["accuracy.high"]) = labels.Interval();
            metrics["correct"] = labels.Correct;
        }

        return metrics;
    }
}
