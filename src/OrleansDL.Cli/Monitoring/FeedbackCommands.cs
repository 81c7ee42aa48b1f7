using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL.Monitoring;

/// <summary><c>odl feedback ...</c></summary>
internal static class FeedbackCommands
{
    public static Command Create() => new("feedback", "Say what the right answers would have been, by inference id.") { Add(), Import(), List() };

    private static Command Add()
    {
        var id = new Argument<Guid>("inference") { Description = "The inference id that came with the answer." };
        var label = new Option<string?>("--label") { Description = "The right label." };
        var value = new Option<double?>("--value") { Description = "The right number." };
        var answered = new Option<string?>("--answered") { Description = "The label that was answered: with it the answer is judged." };
        var answeredValue = new Option<double?>("--answered-value") { Description = "The number that was answered." };
        var row = new Option<int>("--row") { Description = "Which row of the request, counted from 0." };
        return new Command("add", "Give one answer's truth.") { id, label, value, answered, answeredValue, row }.Does(async (session, cancel) =>
        {
            var stored = await session.Client.Feedback.SendAsync(
                [
                    new InferenceFeedback
                    {
                        InferenceId = session.Get(id),
                        Row = session.Get(row),
                        Label = session.Get(label),
                        Value = session.Get(value),
                        AnsweredLabel = session.Get(answered),
                        AnsweredValue = session.Get(answeredValue),
                    },
                ],
                cancel);
            session.Screen.Line($"Took feedback for an answer of {stored[0].Model}@{stored[0].ModelVersion}.");
        });
    }

    private static Command Import()
    {
        var file = new Argument<FileInfo>("file") { Description = "JSON Lines: {\"inferenceId\": ..., \"label\": ..., \"answeredLabel\": ...} each." };
        return new Command("import", "Give many answers' truths.") { file }.Does(async (session, cancel) =>
        {
            var (items, sent) = (new List<InferenceFeedback>(FeedbackBatch.MaximumItems), 0L);
            await foreach (var line in File.ReadLinesAsync(session.Get(file)!.FullName, cancel))
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                try
                {
                    items.Add(JsonSerializer.Deserialize<InferenceFeedback>(line, OdlJson.Options)!);
                }
                catch (JsonException error)
                {
                    throw new InvalidException($"Line {sent + items.Count + 1} of {session.Get(file)!.Name} is no feedback: {error.Message}");
                }

                if (items.Count == FeedbackBatch.MaximumItems)
                {
                    await SendAsync();
                }
            }

            if (items.Count > 0)
            {
                await SendAsync();
            }

            session.Screen.Line(string.Create(CultureInfo.InvariantCulture, $"Took {sent} items."));

            async Task SendAsync()
            {
                await session.Client.Feedback.SendAsync(items, cancel);
                sent += items.Count;
                items.Clear();
            }
        });
    }

    private static Command List()
    {
        var deployment = new Argument<string>("deployment") { Description = "Name or id of the deployment." };
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "List a deployment's feedback by the time of its answers.") { deployment, limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Feedback.ListAsync(session.Get(deployment)!, cancel),
                session.Get(limit),
                ["inference", "row", "model", "answered at", "answered", "right"],
                f => [
                    $"{f.Feedback.InferenceId}", $"{f.Feedback.Row}", $"{f.Model}@{f.ModelVersion}", Format.Time(f.AnsweredAt),
                    f.Feedback.AnsweredLabel ?? f.Feedback.AnsweredValue?.ToString(CultureInfo.InvariantCulture), f.Feedback.Label ?? f.Feedback.Value?.ToString(CultureInfo.InvariantCulture)],
                cancel));
    }
}
