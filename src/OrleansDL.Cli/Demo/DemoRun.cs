using System.Text;
using System.Text.Json;
using OrleansDL.Datasets;
using OrleansDL.Models;
using OrleansDL.Monitoring;
using OrleansDL.Output;
using OrleansDL.Training;
using OrleansDL.Workflows;

namespace OrleansDL.Demo;

/// <summary>The demo from the first row to the verdict. It knows the platform only through its client library.</summary>
internal sealed class DemoRun(DemoNode node, Screen screen, TimeProvider time)
{
    /// <summary>What the dataset, the model, the deployment and the workflow are called.</summary>
    public const string Name = "digits";

    private const string Golden = "digits-golden";
    private const string Definition = "digits.workflow.yaml";
    private const ulong Seed = 20;
    private const int Writers = 2;
    private const double Promised = 0.97;
    private static readonly string[] CommittedFiles = ["digits-first.csv", "digits-second.csv"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Phases _phases = new(screen, time);
    private readonly ServedCount _served = new();
    private readonly List<string> _broken = [];
    private readonly List<DemoModel> _models = [];
    private readonly List<Score> _scores = [];
    private DatasetVersion? _newest;
    private double? _commitToTrainStart;
    private IReadOnlyList<string> _lineage = [];

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ActAsync(cancellationToken);
        }
        catch (Exception e) when (e is OrleansDLException or IOException or HttpRequestException or JsonException or KeyNotFoundException)
        {
            _broken.Add(Format.OneLine(e.Message));
            screen.Note("The node's last lines:");
            foreach (var line in node.LastLines)
            {
                screen.Note($"  {line}");
            }
        }

        return Verdict();
    }

    private async Task ActAsync(CancellationToken cancellationToken)
    {
        DigitsSplit split = null!;
        await _phases.RunAsync("split", "Split the digits: 20% to judge by, 15% for a first model, 65% for later.", async () =>
        {
            split = DigitsSplit.Of(await Digits.LoadAsync(cancellationToken), Seed);
            Promise(split.Shared == 0, $"{split.Shared} rows to train on are also rows to judge by.");
            return $"{split.Golden.Count} golden, {split.First.Count} first, {split.Second.Count} second; no row in two parts, by SHA-256 of each.";
        });
        await _phases.RunAsync("node", $"Start a node in {node.Folder}.", async () =>
        {
            await node.WaitUntilReadyAsync(time, cancellationToken);
            return $"It answers at {node.Url}";
        });

        using var client = new OdlClient(node.Url, node.Token);
        using var once = new OdlClient(node.Url, node.Token, options: new OdlClientOptions { Attempts = 1, Timeout = TimeSpan.FromSeconds(10) });
        var model = new DigitsModel(once, Name);
        await _phases.RunAsync("prepare", "Make the datasets, commit the golden rows, and put a workflow on the other one.", async () =>
        {
            await client.Datasets.CreateAsync(new DatasetSpec { Name = Golden, Kind = DatasetKind.Table, Description = "Digits to judge by, never trained on." }, cancellationToken);
            await client.Datasets.CreateAsync(new DatasetSpec { Name = Name, Kind = DatasetKind.Table, Description = "Handwritten digits, 8 by 8 pixels." }, cancellationToken);
            var golden = await CommitAsync(client, Golden, "digits-golden.csv", "Rows to judge by", split.Golden, cancellationToken);
            var workflow = await client.Workflows.PutAsync(await ReadDefinitionAsync(cancellationToken), cancellationToken);
            return $"{golden.DatasetName}@v{golden.Version} has {golden.Rows} rows; workflow {workflow.Name} waits for commits to {Name}.";
        });
        await RoundAsync(client, "first", 1, split.First, cancellationToken);
        await ExamAsync(client, model, "golden1", 1, split.Golden, cancellationToken);
        await using (var traffic = new Traffic(model, split.Golden, Writers, _served, time))
        {
            screen.Line($"    From here on {Writers} writers go on asking.");
            await RoundAsync(client, "second", 2, split.Second, cancellationToken);
            await _phases.RunAsync("swap", "Let the writers meet the second model.", async () =>
            {
                await UntilAsync(() => Task.FromResult(traffic.Newest >= 2), "the second version to answer the writers", cancellationToken);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
                await traffic.StopAsync();
                Promise(_served.Failed == 0, $"{_served.Failed} requests failed; the first said: {traffic.FirstFailure}");
                Promise(traffic.SteppedBack == 0, $"{traffic.SteppedBack} answers came from the first model after the second had answered.");
                return $"{Format.Count(_served.Requests)} requests so far, {_served.Failed} failed.";
            });
        }

        await ExamAsync(client, model, "golden2", 2, split.Golden, cancellationToken);
        Promise(_scores[^1].Accuracy >= Promised, $"The second model is right on {Format.Share(_scores[^1].Accuracy)} of the golden rows; {Format.Share(Promised)} was promised.");
        await MetricsAsync(client, cancellationToken);
        await LineageAsync(client, split.Golden[0], cancellationToken);
    }

    private async Task RoundAsync(OdlClient client, string phase, long version, IReadOnlyList<Digit> rows, CancellationToken cancellationToken)
    {
        DatasetVersion commit = null!;
        await _phases.RunAsync($"{phase}Commit", $"Commit {rows.Count} rows to {Name}. Nothing else is called from here on.", async () =>
        {
            commit = await CommitAsync(client, Name, $"digits-{phase}.csv", $"The {phase} rows", rows, cancellationToken);
            _newest = commit;
            return $"{commit.DatasetName}@v{commit.Version}: {commit.Rows} rows, commit {Format.Digest(commit.Commit)}.";
        });
        await _phases.RunAsync($"{phase}Model", "The commit starts the workflow: train, judge, deploy.", async () =>
        {
            WorkflowRun? run = null;
            await UntilAsync(
                async () =>
                {
                    run = await RunOfAsync(client, version, cancellationToken);
                    return run is not null && run.Status is not (WorkflowRunStatus.New or WorkflowRunStatus.Running);
                },
                $"the workflow that commit {version} starts",
                cancellationToken);
            foreach (var criterion in run!.Steps.SelectMany(s => s.Criteria))
            {
                screen.Line($"    {WorkflowRunView.Describe(criterion)}");
            }

            if (run.Status is not WorkflowRunStatus.Succeeded)
            {
                throw new ConflictException($"Workflow run {run.Id} is {Format.Of(run.Status)}: {run.Reason ?? run.Steps.FirstOrDefault(s => s.Reason is not null)?.Reason}");
            }

            var training = await client.TrainingRuns.GetAsync(TrainingOf(run), cancellationToken);
            await client.Deployments.WaitAsync(Name, cancellationToken);
            _commitToTrainStart = (training.StartedAt - commit.CommittedAt)?.TotalSeconds;
            var seconds = (training.FinishedAt - training.StartedAt)?.TotalSeconds ?? 0;
            _models.Add(new DemoModel(version, 0, Math.Round(seconds, 3)));
            return $"{Name}@{version} trained for {Format.Seconds(seconds)}, {Format.Seconds(_commitToTrainStart)} after the commit, and is deployed.";
        });
    }

    private async Task ExamAsync(OdlClient client, DigitsModel model, string phase, long version, IReadOnlyList<Digit> golden, CancellationToken cancellationToken) =>
        await _phases.RunAsync(phase, $"Ask model {version} for the golden rows through the inference protocol.", async () =>
        {
            await model.DescribeAsync(Name, version, cancellationToken);
            var correct = 0;
            foreach (var digit in golden)
            {
                var (label, answered) = await model.AskAsync(digit, cancellationToken);
                Promise(answered == version, $"A golden row was answered by version {answered} instead of {version}.");
                correct += label == digit.Label ? 1 : 0;
                _served.Answered(label == digit.Label);
            }

            var score = new Score(correct, golden.Count);
            _scores.Add(score);
            _models[^1] = _models[^1] with { Accuracy = Math.Round(score.Accuracy, 4) };
            return $"Right on {score}.";
        });

    private async Task MetricsAsync(OdlClient client, CancellationToken cancellationToken) =>
        await _phases.RunAsync("metrics", "What the metrics store has seen of both versions.", async () =>
        {
            IReadOnlyList<ServingWindow> windows = [];
            await UntilAsync(
                async () =>
                {
                    var now = time.GetUtcNow();
                    windows = await client.Deployments.GetMetricsAsync(Name, now - TimeSpan.FromMinutes(15), now + TimeSpan.FromMinutes(1), 10, cancellationToken);
                    return windows.Sum(w => w.Requests) >= _served.Requests;
                },
                "the metrics store to count every request",
                cancellationToken);
            foreach (var line in MetricsPlot.Lines(windows))
            {
                screen.Line($"    {line}");
            }

            Promise(windows.Sum(w => w.Errors) == 0, $"The metrics store counts {windows.Sum(w => w.Errors)} errors.");
            return $"{Format.Count(windows.Sum(w => w.Requests))} requests in {windows.Count} windows.";
        });

    private async Task LineageAsync(OdlClient client, Digit digit, CancellationToken cancellationToken) =>
        await _phases.RunAsync("lineage", "Where one prediction comes from.", async () =>
        {
            var prediction = await client.Deployments.PredictAsync(Name, new[] { digit.Pixels }, 1, cancellationToken);
            var graph = await client.Lineage.WalkAsync(prediction.InferenceId.ToString(), LineageDirection.Up, 20, cancellationToken);
            foreach (var line in LineageTree.Lines(graph, LineageDirection.Up))
            {
                screen.Line($"    {line}");
            }

            var nodes = graph.Nodes.Append(graph.Root).DistinctBy(n => n.Id).ToDictionary(n => n.Id, StringComparer.Ordinal);
            var files = graph.Edges.Where(e => nodes.TryGetValue(e.Source, out var source) && source.Kind == "source" && LineageTree.Rows(e) is not null).ToArray();
            _lineage =
            [
                .. nodes.Values.Where(n => n.Kind != "source").OrderBy(n => n.Depth).Select(LineageTree.Describe),
                .. files.Select(e => $"{LineageTree.Describe(nodes[e.Source])} {LineageTree.Describe(e)}").Distinct(),
            ];
            foreach (var file in CommittedFiles)
            {
                Promise(files.Any(e => nodes[e.Source].Title.EndsWith(file, StringComparison.Ordinal)), $"The lineage of the prediction does not lead back to the rows of {file}.");
            }

            return $"Label {prediction.Predictions[0][0].Label} of {prediction.Model}@{prediction.ModelVersion} goes back to the rows of {files.DistinctBy(e => e.Source).Count()} files.";
        });

    private DemoReport Verdict()
    {
        screen.Line();
        foreach (var (model, score) in _models.Zip(_scores))
        {
            screen.Line($"Model {model.Version}: {score}, trained in {Format.Seconds(model.TrainSeconds)}.");
        }

        var seconds = _phases.Seconds();
        screen.Line($"Served {Format.Count(_served.Requests)} requests, {_served.Failed} failed.");
        screen.Line($"Time: {_phases}; {Format.Seconds(seconds["total"])} in all.");
        foreach (var broken in _broken)
        {
            screen.Line($"Broken promise: {broken}");
        }

        screen.Line(_broken.Count == 0 ? "Every promise held." : "The demo did not keep its promises.");
        return new DemoReport
        {
            Ok = _broken.Count == 0,
            DatasetVersions = _newest?.Version ?? 0,
            Models = _models,
            Served = new DemoServed(_served.Requests, _served.Failed, _served.Correct),
            CommitToTrainStartSeconds = _commitToTrainStart,
            Lineage = _lineage,
            Seconds = seconds,
            Broken = _broken.Count == 0 ? null : _broken,
        };
    }

    private async Task<WorkflowRun?> RunOfAsync(OdlClient client, long number, CancellationToken cancellationToken)
    {
        var runs = new List<WorkflowRun>();
        await foreach (var run in client.Workflows.ListRunsAsync(Name, cancellationToken))
        {
            runs.Add(run);
        }

        Promise(runs.Count <= number, $"{number} commits started {runs.Count} workflow runs.");
        await ShowTrainingAsync(client, cancellationToken);
        return runs.Count < number ? null : runs[0];
    }

    private async Task ShowTrainingAsync(OdlClient client, CancellationToken cancellationToken)
    {
        await foreach (var run in client.TrainingRuns.ListAsync(RunStatus.Running, cancellationToken))
        {
            if (run.Progress is not null)
            {
                screen.Progress($"    {run.Name}: {RunWatch.Describe(run.Progress)}");
            }

            return;
        }
    }

    private async Task UntilAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (!await condition())
        {
            if (time.GetElapsedTime(start) > Patience)
            {
                throw new UnreachableException($"Waited {Patience.TotalSeconds:0} seconds in vain for {what}.");
            }

            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    private void Promise(bool kept, string broken)
    {
        if (!kept && !_broken.Contains(broken))
        {
            _broken.Add(broken);
        }
    }

    private static string TrainingOf(WorkflowRun run)
    {
        using var output = JsonDocument.Parse(run.Steps.First(s => s.Name == "train").Output ?? "{}");
        return output.RootElement.GetProperty("run").GetString()!;
    }

    private static async Task<DatasetVersion> CommitAsync(
        OdlClient client, string dataset, string file, string message, IReadOnlyList<Digit> rows, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(rows.Select(d => d.Line + "\n"))));
        return await client.Datasets.CommitAsync(
            dataset, content, new CommitOptions { Message = message, Format = "csv", Header = false, Path = file }, null, cancellationToken);
    }

    private static async Task<string> ReadDefinitionAsync(CancellationToken cancellationToken)
    {
        await using var resource = typeof(DemoRun).Assembly.GetManifestResourceStream(Definition)
            ?? throw new InvalidOperationException($"The resource {Definition} is missing from this build.");
        using var reader = new StreamReader(resource);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
