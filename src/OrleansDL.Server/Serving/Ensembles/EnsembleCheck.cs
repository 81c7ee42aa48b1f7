using System.Numerics;
using OrleansDL.Expressions;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc;

namespace OrleansDL.Serving.Ensembles;

/// <summary>Compares an ensemble with the deployments its steps call: whether they are there, whether tensors fit, and whether it would call itself.</summary>
/// <param name="project">Whose deployments.</param>
/// <param name="find">The route of a deployment by its name or id; null when there is none.</param>
internal sealed class EnsembleCheck(string project, Func<string, Task<Route?>> find)
{
    /// <summary>Ensembles within ensembles at most.</summary>
    public const int MaximumDepth = 8;

    /// <param name="self">The ensemble's own id.</param>
    /// <param name="name">Its name.</param>
    /// <param name="plan">Its steps.</param>
    /// <exception cref="NotFoundException">A step names a deployment or version that is not there.</exception>
    /// <exception cref="InvalidException">Tensors do not fit, or it contains itself.</exception>
    public async Task<EnsembleOutcome> CheckAsync(Guid self, string name, EnsemblePlan plan)
    {
        var signatures = new ModelSignature?[plan.Steps.Length];
        string? waiting = null;
        for (var index = 0; index < signatures.Length; index++)
        {
            var step = plan.Steps[index];
            var route = await find(step.Deployment)
                ?? throw new NotFoundException($"Ensemble {step}: project '{project}' has no deployment '{step.Deployment}'. GET /v1/projects/{project}/deployments lists them.");
            await CheckCircleAsync(self, route, [name, route.Name]);
            signatures[index] = SignatureOf(step, route);
            waiting ??= signatures[index] is null ? $"Step '{step.Name}' waits for deployment '{route.Name}'{(route.Reason is null ? "" : ": " + route.Reason)}" : null;
        }

        return waiting is null ? new EnsembleOutcome(Fit(plan, signatures!)) : new EnsembleOutcome(null, Waiting: waiting);
    }

    private async Task CheckCircleAsync(Guid self, Route route, IReadOnlyList<string> path)
    {
        if (route.Deployment == self)
        {
            throw new InvalidException($"The ensemble would call itself: {string.Join(" -> ", path.Select(name => $"'{name}'"))}.");
        }

        if (path.Count > MaximumDepth + 1)
        {
            throw new InvalidException($"Ensembles are within one another deeper than {MaximumDepth}: {string.Join(" -> ", path.Select(name => $"'{name}'"))}.");
        }

        foreach (var deployment in route.Ensemble?.Steps.Select(step => step.Deployment).Distinct(StringComparer.Ordinal) ?? [])
        {
            if (await find(deployment) is { } inner)
            {
                await CheckCircleAsync(self, inner, [.. path, inner.Name]);
            }
        }
    }

    /// <summary>What callers of the step's deployment see; null while it was never loaded.</summary>
    private static ModelSignature? SignatureOf(PlannedStep step, Route route)
    {
        ModelSignature? signature;
        if (step.Version is { } number)
        {
            var versions = route.Versions ?? [];
            var version = versions.FirstOrDefault(known => known.Number == number)
                ?? throw new NotFoundException($"Ensemble {step}: deployment '{route.Name}' serves no version {number}; it serves {string.Join(", ", versions.Select(known => known.Number))}.");
            signature = version.Signature;
        }
        else
        {
            signature = route.Signature ?? route.Versions?.Select(version => version.Signature).FirstOrDefault(known => known is not null);
        }

        return signature is null ? null : ModelConfigs.SignatureOf(route.Configuration, signature);
    }

    private static ModelSignature Fit(EnsemblePlan plan, ModelSignature[] signatures)
    {
        var known = new TensorSpec?[plan.Tensors.Length];
        var by = new string[plan.Tensors.Length];
        foreach (var (index, input) in plan.Spec.Inputs.Index())
        {
            if (input is { Type: { } type, Shape: { } shape })
            {
                // Optional until a step reads it that needs it.
                (known[index], by[index]) = (new TensorSpec { Name = input.Name, Type = type, Shape = shape, Optional = true }, "the ensemble's inputs have it");
            }
        }

        foreach (var at in plan.Order)
        {
            var (step, signature) = (plan.Steps[at], signatures[at]);
            CheckInputs(step, signature);
            foreach (var (name, tensor) in step.Inputs)
            {
                Meet(signature.Inputs.First(spec => spec.Name == name), tensor, $"input '{name}' of {step} takes", isMade: false);
            }

            foreach (var (name, tensor) in step.Outputs)
            {
                var spec = signature.Outputs.FirstOrDefault(spec => spec.Name == name)
                    ?? throw new InvalidException($"Ensemble {step} uses output '{name}', which deployment '{step.Deployment}' does not have. It has {Listed(signature.Outputs)}.");
                Meet(spec, tensor, $"output '{name}' of {step} makes", isMade: true);
            }
        }

        foreach (var step in plan.Steps)
        {
            CheckCondition(plan, step, known);
        }

        return new ModelSignature
        {
            Inputs = [.. plan.Spec.Inputs.Select((input, index) => Declared(input, known[index]!, "input"))],
            Outputs = [.. plan.Outputs.Select((output, index) => Declared(plan.Spec.Outputs[index], known[output.Tensor]!, "output"))],
            Labels = LabelsOf(plan, signatures),
        };

        // What several steps make or read is one tensor: sizes that are open here and given there are as given, but what may come in two sizes is open.
        void Meet(TensorSpec spec, int tensor, string who, bool isMade)
        {
            if (known[tensor] is not { } before)
            {
                (known[tensor], by[tensor]) = (spec with { Name = Name(tensor) }, who);
                return;
            }

            var alternatives = isMade && BitOperations.PopCount(plan.MakersOf(tensor)) > 1;
            if (before.Type != spec.Type || before.Shape.Count != spec.Shape.Count || (!alternatives && !Fits(before.Shape, spec.Shape)))
            {
                throw new InvalidException($"Tensor '{Name(tensor)}' of the ensemble does not fit: {by[tensor]} {Text(before)}, and {who} {Text(spec)}.");
            }

            known[tensor] = before with
            {
                Optional = before.Optional && spec.Optional,
                Shape = [.. before.Shape.Zip(spec.Shape, (one, other) => one == other ? one : alternatives ? -1 : tensor < plan.Spec.Inputs.Count ? Math.Max(one, other) : one)],
            };
        }

        string Name(int tensor) => plan.Tensors[tensor];
    }

    private static void CheckInputs(PlannedStep step, ModelSignature signature)
    {
        foreach (var (name, _) in step.Inputs)
        {
            if (signature.Inputs.All(spec => spec.Name != name))
            {
                throw new InvalidException($"Ensemble {step} gives input '{name}', which deployment '{step.Deployment}' does not have. It has {Listed(signature.Inputs)}.");
            }
        }

        if (signature.Inputs.FirstOrDefault(spec => !spec.Optional && !Array.Exists(step.Inputs, input => input.Name == spec.Name)) is { } missing)
        {
            throw new InvalidException($"Ensemble {step} gives no tensor for input '{missing.Name}' of deployment '{step.Deployment}'.");
        }
    }

    private static void CheckCondition(EnsemblePlan plan, PlannedStep step, TensorSpec?[] known)
    {
        if (step.When is null)
        {
            return;
        }

        var fields = new Dictionary<string, ExpressionType>(StringComparer.Ordinal);
        foreach (var tensor in step.Asked)
        {
            fields[plan.Tensors[tensor]] = ExpressionType.ListOf(StepValues.TypeOf(known[tensor]?.Type
                ?? throw new InvalidException($"The condition of ensemble {step} asks for '{plan.Tensors[tensor]}', whose type is not known: no step reads it. Give it type and shape among the inputs.")));
        }

        try
        {
            var type = step.When.Check(new Dictionary<string, ExpressionType>
            {
                ["tensors"] = ExpressionType.Object(fields),
                ["parameters"] = ExpressionType.MapOf(ExpressionType.Dyn),
            });
            if (!type.MayBe(TypeKind.Bool))
            {
                throw new InvalidException($"The condition of ensemble {step} is {step.When.Text}, a {type} and not true or false.");
            }
        }
        catch (ExpressionException error)
        {
            throw new InvalidException($"The condition of ensemble {step} does not fit: {error.Message}");
        }
    }

    /// <summary>What the spec says of a tensor, which the steps must bear out.</summary>
    private static TensorSpec Declared(EnsembleTensor declared, TensorSpec found, string what)
    {
        if (declared.Type is { } type && type != found.Type)
        {
            throw new InvalidException($"The ensemble's {what} '{declared.Name}' is {Datatypes.NameOf(type)}, and the steps have {Datatypes.NameOf(found.Type)}.");
        }

        if (declared.Shape is not { } shape)
        {
            return found;
        }

        return shape.Count == found.Shape.Count && Fits(shape, found.Shape)
            ? found with { Shape = [.. shape.Zip(found.Shape, Math.Max)] }
            : throw new InvalidException($"The ensemble's {what} '{declared.Name}' has shape {InferenceRequestCheck.Format(shape)}, and the steps have {InferenceRequestCheck.Format(found.Shape)}.");
    }

    /// <summary>Labels of the only step that has some among those that make outputs.</summary>
    private static IReadOnlyList<string>? LabelsOf(EnsemblePlan plan, ModelSignature[] signatures)
    {
        var makers = plan.Outputs.Aggregate(0UL, (mask, output) => mask | plan.MakersOf(output.Tensor));
        var labels = Enumerable.Range(0, signatures.Length).Where(index => (makers & (1UL << index)) != 0).Select(index => signatures[index].Labels).OfType<IReadOnlyList<string>>().ToList();
        return labels.Count > 0 && labels.TrueForAll(other => other.SequenceEqual(labels[0])) ? labels[0] : null;
    }

    private static bool Fits(IEnumerable<long> one, IEnumerable<long> other) => one.Zip(other).All(sizes => sizes.First == sizes.Second || sizes.First < 0 || sizes.Second < 0);

    private static string Text(TensorSpec spec) => $"{Datatypes.NameOf(spec.Type)} {InferenceRequestCheck.Format(spec.Shape)}";

    private static string Listed(IEnumerable<TensorSpec> specs) => string.Join(", ", specs.Select(spec => $"'{spec.Name}'"));
}
