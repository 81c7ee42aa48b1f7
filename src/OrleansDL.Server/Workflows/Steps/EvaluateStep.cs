using OrleansDL.Datasets;
using OrleansDL.Events;
using OrleansDL.Expressions;
using OrleansDL.Models;
using OrleansDL.Training;

namespace OrleansDL.Workflows.Steps;

/// <summary><c>model.evaluate@1</c>: judges a model version on every row of a dataset, and a baseline on the same rows.</summary>
internal sealed class EvaluateStep(IGrainFactory grains) : IStepAction
{
    private const string Candidate = "candidate";
    private const string Baseline = "baseline";

    public StepSignature Signature => StepSignatures.Evaluate;

    public async Task<Value.Map> PrepareAsync(string project, Guid run, string step, Value.Map with)
    {
        var models = grains.GetGrain<IModelsGrain>(project);
        var dataset = await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync(with.Text("dataset"));
        var model = await models.ResolveAsync(with.Text("model"));
        Value baseline = Value.Nothing;
        if (with.FindText(Baseline) is { } reference)
        {
            try
            {
                var found = await models.ResolveAsync(reference);
                baseline = Value.Of($"{found.ModelName}@{found.Version}");
            }
            catch (NotFoundException)
            {
                // The first model of its kind has nothing to be better than: criteria see a baseline of null.
                baseline = Value.Nothing;
            }
        }

        return new Value.Map(new Dictionary<string, Value>
        {
            ["model"] = Value.Of($"{model.ModelName}@{model.Version}"),
            ["dataset"] = Value.Of($"{dataset.DatasetName}@v{dataset.Version}"),
            [Baseline] = baseline,
        });
    }

    public IEnumerable<(string Type, Guid Subject)> Awaits(StepAttempt attempt) =>
        Judged(attempt).Select(role => (EventTypes.TrainingRunChanged, attempt.Id(role)));

    public async Task<StepResult?> AdvanceAsync(StepAttempt attempt)
    {
        var runs = new Dictionary<string, TrainingRun>();
        foreach (var role in Judged(attempt))
        {
            runs[role] = await grains.GetGrain<ITrainingRunGrain>(attempt.Id(role)).CreateAsync(attempt.Project, new TrainingSpec
            {
                Program = TrainingProgram.Evaluate,
                Model = attempt.Plan.Text(role == Candidate ? "model" : Baseline),
                Dataset = attempt.Plan.Text("dataset"),
            });
        }

        if (runs.Values.FirstOrDefault(run => run.Status is RunStatus.Failed or RunStatus.Cancelled) is { } bad)
        {
            return StepResult.Failed($"The evaluation of '{bad.Spec.Model}' on '{bad.Spec.Dataset}' {(bad.Status == RunStatus.Failed ? "failed" : "was cancelled")}: {bad.Reason}");
        }

        if (runs.Values.Any(run => run.Status is not RunStatus.Completed))
        {
            return null;
        }

        var candidate = Inputs.Metrics(runs[Candidate].Metrics);
        var other = runs.GetValueOrDefault(Baseline);
        return StepResult.Done(
            ("model", attempt.Plan.Entries["model"]),
            ("dataset", attempt.Plan.Entries["dataset"]),
            ("run", Value.Of(runs[Candidate].Id.ToString())),
            ("metrics", candidate),
            (Candidate, candidate),
            (Baseline, other is null ? Value.Nothing : Inputs.Metrics(other.Metrics)),
            ("baselineModel", attempt.Plan.Entries[Baseline]),
            ("baselineRun", other is null ? Value.Nothing : Value.Of(other.Id.ToString())));
    }

    public async Task<bool> StopAsync(StepAttempt attempt)
    {
        var stopped = true;
        foreach (var role in Judged(attempt))
        {
            stopped &= await ChildRuns.StopAsync(grains, attempt.Id(role));
        }

        return stopped;
    }

    private static string[] Judged(StepAttempt attempt) => attempt.Plan.Find(Baseline) is null ? [Candidate] : [Candidate, Baseline];
}
