using OrleansDL.Database;
using OrleansDL.Serving;

namespace OrleansDL.Monitoring;

/// <summary>Checks feedback and finds whose answers it is about.</summary>
internal static class FeedbackCheck
{
    private const int LongestLabel = 1024;
    private const int GreatestRow = 1_000_000;

    // Servers' clocks differ a little.
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(FeedbackBatch batch)
    {
        Require(batch.Items.Count is >= 1 and <= FeedbackBatch.MaximumItems, $"items has {batch.Items.Count} elements; 1 to {FeedbackBatch.MaximumItems} are taken.");
        foreach (var (at, item) in batch.Items.Index())
        {
            var path = $"items[{at}]";
            Require(InferenceId.GenerationOf(item.InferenceId) is not null, $"{path}.inferenceId '{item.InferenceId}' is no inference id. Send the one that came with the answer (inferenceId, or the header odl-inference-id).");
            Require(item.Row is >= 0 and <= GreatestRow, $"{path}.row is {item.Row}. Rows count from 0, to {GreatestRow} at most.");
            Require(item.Label is null != item.Value is null, $"{path} has {(item.Label is null ? "neither label nor value" : "both label and value")}. Give one of both.");
            Require(item.AnsweredLabel is null || item.Label is not null, $"{path}.answeredLabel goes with a label; for a number give answeredValue.");
            Require(item.AnsweredValue is null || item.Value is not null, $"{path}.answeredValue goes with a value; for a label give answeredLabel.");
            Require((item.Label?.Length ?? 0) <= LongestLabel && (item.AnsweredLabel?.Length ?? 0) <= LongestLabel, $"{path} has a label of more than {LongestLabel} characters.");
            Require(double.IsFinite(item.Value ?? 0) && double.IsFinite(item.AnsweredValue ?? 0), $"{path} has a value that is no number.");
        }
    }

    /// <param name="project">Whose feedback it is.</param>
    /// <param name="batch">Checked by <see cref="Check"/>.</param>
    /// <param name="generations">Those named that there are.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="NotFoundException">An inference was not answered in this project.</exception>
    public static IReadOnlyCollection<FeedbackRow> Rows(string project, FeedbackBatch batch, IReadOnlyDictionary<long, AnsweringGeneration> generations, DateTimeOffset now)
    {
        // Of several for the same row the last one counts: one statement must not change a row twice.
        var rows = new Dictionary<(Guid, int), FeedbackRow>();
        foreach (var (at, item) in batch.Items.Index())
        {
            var answeredAt = Micros.From(InferenceId.TimeOf(item.InferenceId));
            if (!generations.TryGetValue(InferenceId.GenerationOf(item.InferenceId)!.Value, out var generation) || generation.Project != project
                || answeredAt < generation.CreatedAt - (long)Leeway.TotalMicroseconds || answeredAt > Micros.From(now + Leeway))
            {
                throw new NotFoundException($"items[{at}].inferenceId: nothing in project '{project}' was answered under the id {item.InferenceId}. Send the id that came with the answer, to the project of its deployment.");
            }

            rows[(item.InferenceId, item.Row)] = new FeedbackRow
            {
                Inference = item.InferenceId.ToString(),
                Item = item.Row,
                Project = project,
                Deployment = generation.Deployment,
                Model = generation.Model,
                ModelVersion = generation.ModelVersion,
                AnsweredAt = answeredAt,
                GivenAt = Micros.From(item.At ?? now),
                Label = item.Label,
                Value = item.Value,
                AnsweredLabel = item.AnsweredLabel,
                AnsweredValue = item.AnsweredValue,
            };
        }

        return rows.Values;
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
