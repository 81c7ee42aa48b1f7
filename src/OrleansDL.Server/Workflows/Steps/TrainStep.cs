using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Datasets;
using OrleansDL.Events;
using OrleansDL.Expressions;
using OrleansDL.Training;

namespace OrleansDL.Workflows.Steps;

/// <summary><c>train.run@1</c>: one training run. Its plan is the run's spec.</summary>
internal sealed class TrainStep(IGrainFactory grains) : IStepAction
{
    private static readonly JsonSerializerOptions Strict = new(OdlJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public StepSignature Signature => StepSignatures.Train;

    public async Task<Value.Map> PrepareAsync(string project, Guid run, string step, Value.Map with)
    {
        var dataset = await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync(with.Text("dataset"));
        var fields = with.Entries.Where(e => e.Key != "params" && e.Value is not Value.Null).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
        fields["dataset"] = Value.Of($"{dataset.DatasetName}@v{dataset.Version}");
        if (with.Find("params") is Value.Map parameters)
        {
            fields["parameters"] = Value.Of(parameters.Entries.ToDictionary(p => p.Key, p => Value.Of(Inputs.Plain(p.Value)), StringComparer.Ordinal));
        }

        var plan = new Value.Map(fields);
        if (Spec(plan).Selection is { } selection)
        {
            // Rows are chosen now: every attempt of the step trains on the same ones.
            var selected = await grains.GetGrain<ISelectionsGrain>(project).SelectAsync(with.Text("dataset"), selection, dryRun: false);
            fields["dataset"] = Value.Of($"{dataset.DatasetName}@{selected.Version!.Commit}");
        }

        await grains.GetGrain<ITrainingRunsGrain>(project).CheckAsync(Spec(plan));
        return plan;
    }

    public IEnumerable<(string Type, Guid Subject)> Awaits(StepAttempt attempt) => [(EventTypes.TrainingRunChanged, attempt.Id("run"))];

    public async Task<StepResult?> AdvanceAsync(StepAttempt attempt)
    {
        var run = await grains.GetGrain<ITrainingRunGrain>(attempt.Id("run")).CreateAsync(attempt.Project, Spec(attempt.Plan));
        return run.Status switch
        {
            RunStatus.Completed => StepResult.Done(
                ("run", Value.Of(run.Id.ToString())),
                ("model", run.ModelVersion is { } version ? Value.Of(version) : Value.Nothing),
                ("dataset", attempt.Plan.Entries["dataset"]),
                ("metrics", Inputs.Metrics(run.Metrics))),
            RunStatus.Failed or RunStatus.Cancelled => StepResult.Failed($"Training run '{run.Name}' {(run.Status == RunStatus.Failed ? "failed" : "was cancelled")}: {run.Reason}"),
            _ => null,
        };
    }

    public Task<bool> StopAsync(StepAttempt attempt) => ChildRuns.StopAsync(grains, attempt.Id("run"));

    private static TrainingSpec Spec(Value.Map plan)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainingSpec>(ValueJson.Write(plan), Strict)!;
        }
        catch (JsonException problem)
        {
            throw new InvalidException($"The inputs make no training run: {problem.Message}");
        }
    }
}
