using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl run ...</c></summary>
internal static class RunCommands
{
    private static readonly Argument<string> Run = new("run") { Description = "Name or id of the run." };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };

    public static Command Create() => new("run", "Training runs: check, start, watch, look at, pause, reorder, cancel.")
    {
        Start(), RunCheckCommand.Create(), List(), Show(), Watch(), Logs(), Metrics(), Cancel(), Download(),
        CheckpointCommands.List(), CheckpointCommands.Fork(),
        RunQueueCommands.Pause(), RunQueueCommands.Resume(), RunQueueCommands.Priority(), RunQueueCommands.Move(),
    };

    private static Command Start()
    {
        var file = new Argument<string?>("file") { Description = "The spec, a JSON file; '-' is standard input. The options override it.", Arity = ArgumentArity.ZeroOrOne };
        var name = new Option<string?>("--name") { Description = "Name of the run." };
        var dataset = new Option<string?>("--dataset") { Description = "Dataset reference: name, name@v3, name@tag." };
        var family = new Option<string?>("--family") { Description = "Network family: mlp, cnn, resnet, separable, textbag, encoder, gpt, lstm, gru, tcn, autoencoder." };
        var epochs = new Option<int?>("--epochs") { Description = "Times through the data." };
        var batch = new Option<int?>("--batch-size") { Description = "Rows in one step." };
        var rate = new Option<double?>("--learning-rate") { Description = "Size of a step." };
        var find = new Option<bool>("--find-learning-rate") { Description = "Look for the size of a step first, and train with it." };
        var seed = new Option<long?>("--seed") { Description = "The same seed gives the same weights." };
        var workers = new Option<int?>("--workers") { Description = "Workers that train it together, each with its share of every batch." };
        var least = new Option<int?>("--min-workers") { Description = "Workers that will do where the pool cannot hold as many." };
        var register = new Option<string?>("--register-as") { Description = "Model that gets the result as a new version." };
        var wait = new Option<bool>("--wait") { Description = "Watch it to its end." };
        return new Command("start", "Start a training run.") { file, name, dataset, family, epochs, batch, rate, find, seed, workers, least, register, wait }.Does(async (session, cancel) =>
        {
            var spec = session.Get(file) is { } path ? await Files.ReadJsonAsync<TrainingSpec>(path, cancel)
                : session.Get(dataset) is { } data ? new TrainingSpec { Dataset = data }
                : throw new InvalidException("Name the spec's file, or at least --dataset and --family.");
            spec = spec with
            {
                Name = session.Get(name) ?? spec.Name,
                Dataset = session.Get(dataset) ?? spec.Dataset,
                Network = session.Get(family) is { } chosen ? (spec.Network ?? new NetworkSpec { Family = chosen }) with { Family = chosen } : spec.Network,
                Epochs = session.Get(epochs) ?? spec.Epochs,
                BatchSize = session.Get(batch) ?? spec.BatchSize,
                LearningRate = session.Get(rate) ?? spec.LearningRate,
                RateFinder = session.Get(find) ? spec.RateFinder ?? new RateFinderSpec() : spec.RateFinder,
                Seed = session.Get(seed) ?? spec.Seed,
                Workers = session.Get(workers) ?? spec.Workers,
                MinWorkers = session.Get(least) ?? spec.MinWorkers,
                RegisterAs = session.Get(register) ?? spec.RegisterAs,
            };
            var run = await session.Client.TrainingRuns.CreateAsync(spec, cancel);
            if (session.Get(wait))
            {
                session.Screen.Line($"Started run {run.Name} on {run.DatasetName}@v{run.DatasetVersion}.");
                return await WatchAsync(session, run.Id.ToString(), cancel);
            }

            session.Screen.Show(run, r => session.Screen.Line($"Started run {r.Name} on {r.DatasetName}@v{r.DatasetVersion}. 'odl run watch {r.Name}' follows it."));
            return 0;
        });
    }

    private static Command List()
    {
        var status = new Option<RunStatus?>("--status") { Description = "Only runs that stand so." };
        return new Command("list", "List runs, newest first.") { status, Limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.TrainingRuns.ListAsync(session.Get(status), cancel),
                session.Get(Limit),
                ["name", "status", "dataset", "progress", "attempt", "worker", "created", "model", "reason"],
                r =>
                [
                    r.Name, Format.Of(r.Status), $"{r.DatasetName}@v{r.DatasetVersion}",
                    r.Progress is { TotalSteps: > 0 } p ? Format.Share((double)p.Step / p.TotalSteps) : "-",
                    $"{r.Attempt}", r.Worker, Format.Time(r.CreatedAt), r.ModelVersion, r.Reason,
                ],
                cancel));
    }

    private static Command Show() => new Command("show", "Show one run.") { Run }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.TrainingRuns.GetAsync(session.Get(Run), cancel), r => RunView.Print(session.Screen, r)));

    private static Command Watch() =>
        new Command("watch", "Follow a run to its end.") { Run }.Does((session, cancel) => WatchAsync(session, session.Get(Run), cancel));

    private static Command Logs()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what it writes, until it has ended." };
        return new Command("logs", "Print what a run wrote.") { Run, follow }.Does(async (session, cancel) =>
        {
            var runs = session.Client.TrainingRuns;
            await foreach (var line in session.Get(follow) ? runs.FollowLogsAsync(session.Get(Run), cancel) : runs.ListLogsAsync(session.Get(Run), cancel))
            {
                session.Screen.Show(line, l => session.Screen.Line($"{Format.Time(l.Time)} [{l.Attempt}] {l.Text}"));
            }
        });
    }

    private static Command Metrics()
    {
        var name = new Option<string?>("--name") { Description = "Only this metric, for example train.loss." };
        var limit = new Option<int>("--limit") { Description = "How many points at most.", DefaultValueFactory = _ => 1000 };
        return new Command("metrics", "Print a run's metrics.") { Run, name, limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.TrainingRuns.ListMetricsAsync(session.Get(Run), session.Get(name), cancel),
                session.Get(limit),
                ["step", "name", "value", "time"],
                m => [$"{m.Step}", m.Name, Format.Number(m.Value), Format.Time(m.Time)],
                cancel));
    }

    private static Command Cancel() => new Command("cancel", "Stop a run at its next step.") { Run }.Does(async (session, cancel) =>
        session.Screen.Show(
            await session.Client.TrainingRuns.CancelAsync(session.Get(Run), cancel),
            r => session.Screen.Line($"Run {r.Name} is {Format.Of(r.Status)}.")));

    private static Command Download()
    {
        var file = new Argument<string>("file") { Description = "For example model.onnx, weights.safetensors or charts/loss.svg." };
        var output = new Option<string?>("--output", "-o") { Description = "Where to; '-' is standard output. Default: the file's name here." };
        return new Command("download", "Download one file of a run's artifact.") { Run, file, output }.Does(async (session, cancel) =>
        {
            await using var content = await session.Client.TrainingRuns.DownloadAsync(session.Get(Run), session.Get(file), cancel);
            await Files.SaveAsync(content, session.Get(output) ?? Path.GetFileName(session.Get(file)), session.Screen, cancel);
        });
    }

    private static async Task<int> WatchAsync(Session session, string run, CancellationToken cancellationToken)
    {
        var ended = await session.Client.TrainingRuns.WaitAsync(run, new RunWatch(session.Screen), cancellationToken);
        session.Screen.Show(ended, r => RunView.Print(session.Screen, r));
        return ended.Status is RunStatus.Completed ? 0 : 1;
    }
}
