using System.Text.Json;
using OrleansDL.Events;
using OrleansDL.Expressions;
using OrleansDL.Models;
using OrleansDL.Serving;

namespace OrleansDL.Workflows.Steps;

/// <summary><c>model.deploy@1</c>: makes a deployment serve a model version, waits until it does, and sets the alias.</summary>
internal sealed class DeployStep(IGrainFactory grains) : IStepAction
{
    public StepSignature Signature => StepSignatures.Deploy;

    public async Task<Value.Map> PrepareAsync(string project, Guid run, string step, Value.Map with)
    {
        var model = await grains.GetGrain<IModelsGrain>(project).ResolveAsync(with.Text("model"));
        var name = with.FindText("deployment") ?? with.Text("endpoint");
        Deployment? existing;
        try
        {
            existing = await grains.GetGrain<IDeploymentsGrain>(project).GetAsync(name);
        }
        catch (NotFoundException)
        {
            existing = null;
        }

        if (existing?.Ensemble is not null)
        {
            throw new InvalidException($"Deployment '{existing.Name}' is an ensemble, which serves no model of its own. Deploy to one of the deployments that its steps call.");
        }

        // Whether it is created or changed is decided once, here: a repeat of the attempt must not take its own work for someone else's.
        return new Value.Map(new Dictionary<string, Value>
        {
            ["deployment"] = Value.Of(existing?.Name ?? name),
            ["id"] = Value.Of((existing?.Id ?? DerivedId.From(run, $"{step}/deployment/{name}")).ToString()),
            ["create"] = Value.Of(existing is null),
            ["model"] = Value.Of($"{model.ModelName}@{model.Version}"),
            ["modelId"] = Value.Of(model.Model.ToString()),
            ["modelVersion"] = Value.Of(model.Version),
            ["replicas"] = Value.Of(with.FindInt("replicas") ?? existing?.Replicas ?? 1),
            ["public"] = Value.Of(with.FindBool("public") ?? existing?.Public ?? false),
            ["kept"] = existing is null ? Value.Nothing : Value.Of(JsonSerializer.Serialize(existing.ToSpec().WithoutVersions(), OdlJson.Options)),
            ["alias"] = with.FindText("alias") is { } alias ? Value.Of(alias) : Value.Nothing,
        });
    }

    public IEnumerable<(string Type, Guid Subject)> Awaits(StepAttempt attempt) => [(EventTypes.DeploymentChanged, DeploymentId(attempt))];

    public async Task<StepResult?> AdvanceAsync(StepAttempt attempt)
    {
        var plan = attempt.Plan;
        var kept = plan.FindText("kept") is { } text ? JsonSerializer.Deserialize<DeploymentSpec>(text, OdlJson.Options) : null;
        var (name, model) = (plan.Text("deployment"), plan.Text("model"));
        var spec = (kept ?? new DeploymentSpec { Name = name, Model = model }) with
        {
            Name = name,
            Model = model,
            Replicas = (int)Math.Clamp(plan.FindInt("replicas")!.Value, int.MinValue, int.MaxValue),
            Public = plan.FindBool("public")!.Value,
        };
        var id = DeploymentId(attempt);
        var deployment = plan.FindBool("create")!.Value
            ? await grains.GetGrain<IDeploymentsGrain>(attempt.Project).CreateAsync(id, spec)
            : await grains.GetGrain<IDeploymentGrain>(id).UpdateAsync(attempt.Id("change"), spec, ifMatch: null);
        var version = plan.FindInt("modelVersion")!.Value;
        if (deployment.ModelVersion != version || deployment.Status is DeploymentStatus.Deleted)
        {
            return StepResult.Failed($"Deployment '{deployment.Name}' was changed by someone else while it was to serve {spec.Model}. Run the workflow again if that was not meant.");
        }

        if (deployment.Status is DeploymentStatus.Failed)
        {
            return StepResult.Failed($"Deployment '{deployment.Name}' could not serve {spec.Model}: {deployment.Reason}");
        }

        if (deployment.Status is not DeploymentStatus.Ready || deployment.ServingVersion != version)
        {
            return null;
        }

        if (plan.FindText("alias") is { } alias)
        {
            await grains.GetGrain<IModelGrain>(Guid.Parse(plan.Text("modelId"))).SetAliasAsync(alias, version);
        }

        return StepResult.Done(
            ("deployment", Value.Of(deployment.Name)),
            ("generation", deployment.Generation is { } generation ? Value.Of(generation) : Value.Nothing),
            ("model", plan.Entries["model"]),
            ("modelVersion", Value.Of(version)));
    }

    /// <summary>A change already told to the deployment stays: there is nothing half-done to stop.</summary>
    public Task<bool> StopAsync(StepAttempt attempt) => Task.FromResult(true);

    private static Guid DeploymentId(StepAttempt attempt) => Guid.Parse(attempt.Plan.Text("id"));
}
