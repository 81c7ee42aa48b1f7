using OrleansDL.Datasets;
using OrleansDL.Expressions;
using OrleansDL.Models;
using OrleansDL.Workflows.Definitions;
using OrleansDL.Workflows.Steps;

namespace OrleansDL.Workflows;

/// <summary>Asks whether the things exist that a workflow names literally.</summary>
internal sealed class ReferenceChecker(IGrainFactory grains)
{
    /// <summary>Checks every literal reference, and answers the ids of the datasets its triggers watch, by name.</summary>
    /// <exception cref="InvalidException">Something is not there; the message names it, its path and line.</exception>
    public async Task<IReadOnlyDictionary<string, Guid>> CheckAsync(string project, WorkflowDefinition definition)
    {
        var watched = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var trigger in definition.Triggers.Where(trigger => trigger.Dataset is not null))
        {
            watched[trigger.Dataset!] = (await FindAsync(trigger.At, () => grains.GetGrain<IDatasetsGrain>(project).GetAsync(trigger.Dataset!))).Id;
        }

        foreach (var input in definition.Inputs.Values.Where(input => input.Default is Value.String))
        {
            await CheckAsync(project, definition, input.Type, ((Value.String)input.Default!).Text, input.At, mayBeMissing: false);
        }

        foreach (var step in definition.Steps)
        {
            foreach (var (key, taken) in StepSignatures.All[step.Uses].Inputs.Where(input => input.Value.Refers is not null))
            {
                if (step.With.Entries.GetValueOrDefault(key) is Argument.Literal { Value: Value.String text } argument)
                {
                    await CheckAsync(project, definition, taken.Refers!, text.Text, argument.At, taken.MayBeNull);
                }
            }
        }

        return watched;
    }

    private async Task CheckAsync(string project, WorkflowDefinition definition, string kind, string reference, Place at, bool mayBeMissing)
    {
        var name = reference.Split('@')[0];
        var pinned = name.Length < reference.Length;
        if (kind == "dataset")
        {
            var datasets = grains.GetGrain<IDatasetsGrain>(project);
            await (pinned ? FindAsync<object>(at, async () => await datasets.ResolveAsync(reference)) : FindAsync<object>(at, async () => await datasets.GetAsync(name)));
        }
        else if (kind == "model" && !Registers(definition, name))
        {
            // A version that may be missing (a baseline before the first deployment) still needs a model that somebody makes.
            var models = grains.GetGrain<IModelsGrain>(project);
            await (pinned && !mayBeMissing ? FindAsync<object>(at, async () => await models.ResolveAsync(reference)) : FindAsync<object>(at, async () => await models.GetAsync(name)));
        }
    }

    private static bool Registers(WorkflowDefinition definition, string model) => definition.Steps.Any(step =>
        step.With.Entries.GetValueOrDefault("registerAs") is Argument.Literal { Value: Value.String name } && name.Text == model);

    private static async Task<T> FindAsync<T>(Place at, Func<Task<T>> find)
    {
        try
        {
            return await find();
        }
        catch (OrleansDLException problem) when (problem is NotFoundException or InvalidException)
        {
            throw at.Wrong(problem.Message);
        }
    }
}
