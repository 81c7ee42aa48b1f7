using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl predict-batch</c> and <c>odl predict-batches</c></summary>
internal static class BatchPredictionCommands
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(500);

    public static Command Start()
    {
        var deployment = new Argument<string>("deployment") { Description = "Name or id of the deployment." };
        var dataset = new Argument<string>("dataset") { Description = "The rows: name, name@v3, name@BRANCH, name@TAG or name@sha256:..." };
        var output = new Option<string>("--output", "-o") { Description = "The table dataset that takes the answers; made if it is not there.", Required = true };
        var branch = new Option<string>("--branch", "-b") { Description = "Branch of the output to commit to.", DefaultValueFactory = _ => "main" };
        var keep = new Option<string?>("--keep") { Description = "Columns that are copied beside the answers, with commas between." };
        var top = new Option<int>("--top") { Description = "Labels for each row, best first.", DefaultValueFactory = _ => 1 };
        var append = new Option<bool>("--append") { Description = "The new version also holds what the branch had." };
        var message = new Option<string?>("--message", "-m") { Description = "Message of the commit." };
        var detach = new Option<bool>("--detach") { Description = "Start it and do not wait." };
        return new Command("predict-batch", "Ask a deployment about every row of a dataset's version.")
        {
            deployment, dataset, output, branch, keep, top, append, message, detach,
        }.Does(async (session, cancel) =>
        {
            var predictions = session.Client.Datasets.BatchPredictions;
            var now = await predictions.StartAsync(
                new BatchPredictionSpec
                {
                    Deployment = session.Get(deployment),
                    Dataset = session.Get(dataset),
                    Output = session.Get(output)!,
                    Branch = session.Get(branch)!,
                    Keep = session.Get(keep)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
                    Top = session.Get(top),
                    Append = session.Get(append),
                    Message = session.Get(message),
                },
                cancel);
            while (now.Status is BatchPredictionStatus.Running && !session.Get(detach))
            {
                session.Screen.Progress($"{Format.Count(now.RowsDone)} of {Format.Count(now.Rows)} rows");
                await Task.Delay(Often, session.Time, cancel);
                now = await predictions.GetAsync(now.Id, cancel);
            }

            session.Screen.Show(now, p => session.Screen.Line(p.Status switch
            {
                BatchPredictionStatus.Completed => $"Predicted {Format.Count(p.Rows)} rows: {p.Spec.Output} v{p.Version}.",
                BatchPredictionStatus.Running => $"Batch prediction {p.Id} runs. 'odl predict-batches' shows how far it is.",
                BatchPredictionStatus.Cancelled => $"Batch prediction {p.Id} was cancelled.",
                _ => $"Batch prediction {p.Id} failed: {p.Error}",
            }));
            return now.Status is BatchPredictionStatus.Completed or BatchPredictionStatus.Running ? 0 : 1;
        });
    }

    public static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 20 };
        var cancelled = new Option<Guid?>("--cancel") { Description = "Cancels this one." };
        return new Command("predict-batches", "List batch predictions, newest first, or cancel one.") { limit, cancelled }.Does(async (session, cancel) =>
        {
            if (session.Get(cancelled) is { } id)
            {
                session.Screen.Show(await session.Client.Datasets.BatchPredictions.CancelAsync(id, cancel), p => session.Screen.Line($"Batch prediction {p.Id} is {Format.Of(p.Status)}."));
                return;
            }

            await session.Screen.ListAsync(
                session.Client.Datasets.BatchPredictions.ListAsync(cancel),
                session.Get(limit),
                ["id", "status", "rows", "deployment", "dataset", "output", "begun", "error"],
                p =>
                [
                    p.Id.ToString(), Format.Of(p.Status), $"{Format.Count(p.RowsDone)} of {Format.Count(p.Rows)}", p.Spec.Deployment, p.Spec.Dataset,
                    p.Version is null ? p.Spec.Output : $"{p.Spec.Output} v{p.Version}", Format.Time(p.CreatedAt), p.Error,
                ],
                cancel);
        });
    }
}
