using System.Globalization;
using System.Numerics;
using OrleansDL.Expressions;

namespace OrleansDL.Serving.Ensembles;

/// <summary>An ensemble made ready to run: who reads what of whom, as bits of 64 steps.</summary>
internal sealed class EnsemblePlan
{
    /// <summary>Inputs, outputs and steps at most.</summary>
    public const int Maximum = 64;

    private const int MaximumName = 256;
    private const int MaximumCondition = 2000;
    private const int MaximumInFlight = 1_000_000;
    private readonly string[] _tensors;
    private readonly PlannedStep[] _steps;
    private readonly (string Name, int Tensor)[] _outputs;
    private readonly ulong[] _makers;

    private EnsemblePlan(EnsembleSpec spec, string[] tensors, PlannedStep[] steps, ulong[] makers)
    {
        (Spec, _tensors, _steps, _makers) = (spec, tensors, steps, makers);
        _outputs = [.. spec.Outputs.Select(output => (output.Name, Array.IndexOf(tensors, output.Name)))];
        Everything = NeededFor([]);
    }

    public EnsembleSpec Spec { get; }

    /// <summary>Names of the tensors, the ensemble's inputs first.</summary>
    public ReadOnlySpan<string> Tensors => _tensors;

    public ReadOnlySpan<PlannedStep> Steps => _steps;

    public IReadOnlyList<(string Name, int Tensor)> Outputs => _outputs;

    /// <summary>Steps that may have to run for all outputs.</summary>
    public ulong Everything { get; }

    /// <summary>Steps in an order in which each comes after those it needs.</summary>
    public IReadOnlyList<int> Order { get; private init; } = [];

    /// <summary>Steps that make a tensor.</summary>
    public ulong MakersOf(int tensor) => _makers[tensor];

    /// <summary>Position of an output of that name; -1: there is none.</summary>
    public int TensorOf(string output)
    {
        foreach (var (name, tensor) in _outputs)
        {
            if (name == output)
            {
                return tensor;
            }
        }

        return -1;
    }

    /// <summary>Steps that may have to run for some outputs; of none: for all.</summary>
    public ulong NeededFor(IReadOnlyList<string> outputs)
    {
        var needed = 0UL;
        if (outputs.Count == 0)
        {
            foreach (var (_, tensor) in _outputs)
            {
                needed |= _makers[tensor];
            }
        }
        else
        {
            foreach (var output in outputs)
            {
                needed |= _makers[TensorOf(output)];
            }
        }

        var fresh = needed;
        while (fresh != 0)
        {
            var more = _steps[BitOperations.TrailingZeroCount(fresh)].Needs & ~needed;
            needed |= more;
            fresh = (fresh & (fresh - 1)) | more;
        }

        return needed;
    }

    /// <summary>Checks all that can be checked without looking at the deployments.</summary>
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong, or names step and tensor.</exception>
    public static EnsemblePlan Of(EnsembleSpec spec)
    {
        Require(IsWhole(spec.Inputs) && IsWhole(spec.Outputs) && IsWhole(spec.Steps), "ensemble has inputs, outputs and steps, none of them null.");
        Range("inputs.length", spec.Inputs.Count, 1, Maximum);
        Range("outputs.length", spec.Outputs.Count, 1, Maximum);
        Range("steps.length", spec.Steps.Count, 1, Maximum);
        Range("maximumInFlight", spec.MaximumInFlight, 1, MaximumInFlight);
        var names = StepNames(spec);
        var tensors = new List<string>();
        foreach (var (index, input) in spec.Inputs.Index())
        {
            CheckTensor(input, $"inputs[{index}]");
            Require(!tensors.Contains(input.Name), $"ensemble.inputs names '{input.Name}' twice.");
            tensors.Add(input.Name);
        }

        var inputs = tensors.Count;
        foreach (var (index, step) in spec.Steps.Index())
        {
            CheckStep(step, names[index], index);
            foreach (var tensor in step.Outputs.Values)
            {
                Require(tensors.IndexOf(tensor) is var at && (at < 0 || at >= inputs), $"Ensemble step '{names[index]}' makes tensor '{tensor}', which is an input of the ensemble. Give it another name.");
                if (!tensors.Contains(tensor))
                {
                    tensors.Add(tensor);
                }
            }
        }

        var makers = Makers(spec, names, tensors);
        CheckOutputs(spec, tensors, inputs);
        var steps = PlanSteps(spec, names, tensors, inputs, makers);
        foreach (var (index, name) in tensors.Take(inputs).Index())
        {
            Require(Array.Exists(steps, step => step.Asked.Contains(index) || Array.Exists(step.Inputs, input => input.Tensor == index)), $"Input '{name}' of the ensemble is read by no step. Leave it out, or let a step read it.");
        }

        var plan = new EnsemblePlan(spec, [.. tensors], steps, makers) { Order = Sorted(steps) };
        plan.CheckMade();
        return plan;
    }

    private static string[] StepNames(EnsembleSpec spec)
    {
        var names = new string[spec.Steps.Count];
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, step) in spec.Steps.Index())
        {
            var name = step.Name ?? step.Deployment ?? "";
            var count = seen[name] = seen.GetValueOrDefault(name) + 1;
            Require(step.Name is null || count == 1, $"ensemble.steps has two steps named '{name}'. Name them apart.");
            names[index] = count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{count}");
        }

        return names;
    }

    private static void CheckTensor(EnsembleTensor tensor, string path)
    {
        Require(tensor.Name is { Length: > 0 and <= MaximumName }, $"ensemble.{path}.name has 1 to {MaximumName} characters.");
        Require(tensor.Type is null || Enum.IsDefined(tensor.Type.Value), $"ensemble.{path}.type '{tensor.Type}' is unknown.");
        Require(tensor.Shape is null || (tensor.Shape.Count <= 16 && tensor.Shape.All(size => size >= -1)), $"ensemble.{path}.shape has up to 16 sizes, each -1 (any) or from 0 on.");
    }

    private static void CheckStep(EnsembleStep step, string name, int index)
    {
        Require(IsWhole(step.Inputs) && IsWhole(step.Outputs), $"ensemble.steps[{index}] has inputs and outputs.");
        Require(step.When is null or { Length: <= MaximumCondition }, $"ensemble.steps[{index}].when has more than {MaximumCondition} characters.");
        Require(step.Name is null || Names.IsValid(step.Name), $"ensemble.steps[{index}].name '{step.Name}' is no name: letters, digits, '.', '_' and '-'.");
        Require(!string.IsNullOrWhiteSpace(step.Deployment) && step.Deployment.Length <= MaximumName, $"ensemble.steps[{index}].deployment names the deployment that the step calls.");
        Require(step.Version is null or > 0, $"ensemble.steps[{index}].version is {step.Version}. Give a version from 1 on, or none.");
        Range($"steps[{index}].inputs.length", step.Inputs.Count, 1, Maximum);
        Range($"steps[{index}].outputs.length", step.Outputs.Count, 1, Maximum);
        foreach (var tensor in step.Inputs.Values.Concat(step.Outputs.Values))
        {
            Require(tensor is { Length: > 0 and <= MaximumName }, $"ensemble.steps[{index}] maps a tensor without a name, or with more than {MaximumName} characters.");
        }

        var twice = step.Outputs.Values.GroupBy(tensor => tensor, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1)?.Key;
        Require(twice is null, $"Ensemble step '{name}' makes tensor '{twice}' of two outputs.");
    }

    private static ulong[] Makers(EnsembleSpec spec, string[] names, List<string> tensors)
    {
        var makers = new ulong[tensors.Count];
        foreach (var (index, step) in spec.Steps.Index())
        {
            foreach (var tensor in step.Outputs.Values)
            {
                var earlier = makers[tensors.IndexOf(tensor)];
                while (earlier != 0)
                {
                    var other = BitOperations.TrailingZeroCount(earlier);
                    earlier &= earlier - 1;
                    Require(spec.Steps[other].When is not null, $"Tensor '{tensor}' is made by the ensemble's steps '{names[other]}' and '{names[index]}', and '{names[other]}' has no condition. Say in its 'when' in which case it makes it.");
                }

                makers[tensors.IndexOf(tensor)] |= 1UL << index;
            }
        }

        return makers;
    }

    private static void CheckOutputs(EnsembleSpec spec, List<string> tensors, int inputs)
    {
        foreach (var (index, output) in spec.Outputs.Index())
        {
            CheckTensor(output, $"outputs[{index}]");
            Require(spec.Outputs.Take(index).All(other => other.Name != output.Name), $"ensemble.outputs names '{output.Name}' twice.");
            Require(tensors.IndexOf(output.Name) >= inputs, $"Output '{output.Name}' of the ensemble is made by no step. Tensors made: {string.Join(", ", tensors.Skip(inputs))}.");
        }
    }

    private static PlannedStep[] PlanSteps(EnsembleSpec spec, string[] names, List<string> tensors, int inputs, ulong[] makers) => [.. spec.Steps.Select((step, index) =>
    {
        var read = step.Inputs.Select(input => (input.Key, Known(input.Value, names[index]))).ToArray();
        var when = step.When is null ? null : Parse(step.When, names[index]);
        var asked = when is null ? [] : when.MembersOf("tensors").Select(tensor => Known(tensor
            ?? throw new InvalidException($"The condition of ensemble step '{names[index]}' asks for all tensors. Name one: tensors.NAME or tensors[\"NAME\"]."), names[index])).Distinct().ToArray();
        var made = step.Outputs.Select(output => (output.Key, tensors.IndexOf(output.Value))).ToArray();
        var earlier = made.Aggregate(0UL, (mask, output) => mask | makers[output.Item2]) & ((1UL << index) - 1);
        var needs = read.Select(input => input.Item2).Concat(asked).Aggregate(earlier, (mask, tensor) => mask | makers[tensor]);
        return new PlannedStep(names[index], step.Deployment, step.Version, read, made, when, asked, earlier, needs);

        int Known(string tensor, string name) => tensors.IndexOf(tensor) is >= 0 and var at
            ? at
            : throw new InvalidException($"Ensemble step '{name}' reads tensor '{tensor}', which is no input of the ensemble and which no step makes. Tensors: {string.Join(", ", tensors.Take(inputs).Concat(tensors.Skip(inputs)))}.");
    })];

    private static Expression Parse(string text, string step)
    {
        try
        {
            return Expression.Parse(text);
        }
        catch (ExpressionException error)
        {
            throw new InvalidException($"The condition of ensemble step '{step}' cannot be read: {error.Message}");
        }
    }

    private static List<int> Sorted(PlannedStep[] steps)
    {
        var (order, done) = (new List<int>(steps.Length), 0UL);
        while (order.Count < steps.Length)
        {
            var next = Enumerable.Range(0, steps.Length).FirstOrDefault(index => (done & (1UL << index)) == 0 && (steps[index].Needs & ~done) == 0, -1);
            if (next < 0)
            {
                throw new InvalidException($"The ensemble's steps wait for one another in a circle: {Circle(steps, done)}.");
            }

            order.Add(next);
            done |= 1UL << next;
        }

        return order;
    }

    /// <summary>One circle among the steps that could not be sorted, as its readers would draw it.</summary>
    private static string Circle(PlannedStep[] steps, ulong done)
    {
        var path = new List<int>();
        var at = Array.FindIndex(steps, step => (step.Needs & ~done) != 0);
        while (!path.Contains(at))
        {
            path.Add(at);
            at = BitOperations.TrailingZeroCount(steps[at].Needs & ~done);
        }

        var circle = path[path.IndexOf(at)..];
        circle.Reverse();
        return string.Join(" -> ", circle.Append(circle[0]).Select(index => $"'{steps[index].Name}'"));
    }

    /// <summary>Every output is made whatever the conditions come to.</summary>
    private void CheckMade()
    {
        var inputs = Spec.Inputs.Count;
        var sure = new bool[_tensors.Length];
        Array.Fill(sure, true, 0, inputs);
        foreach (var index in Order)
        {
            var step = _steps[index];
            if (step.When is null && Array.TrueForAll(step.Inputs, input => sure[input.Tensor]))
            {
                foreach (var (_, tensor) in step.Outputs)
                {
                    // Where an earlier step may have made another of its tensors, this one does not run, and that tensor may be all the earlier one made.
                    sure[tensor] = step.Outputs.All(output => MakesAll(step.Earlier, output.Tensor));
                }
            }
        }

        foreach (var (name, tensor) in _outputs)
        {
            Require(sure[tensor], $"Output '{name}' of the ensemble is made only under a condition. Let a step without 'when', whose own inputs are always there, make it otherwise.");
        }

        bool MakesAll(ulong steps, int tensor) => (steps & ~_makers[tensor]) == 0;
    }

    // JSON may say null wherever it says anything.
    private static bool IsWhole<T>(IEnumerable<T>? values) => values is not null && values.All(value => value is not null);

    private static void Range(string field, long value, long least, long greatest) => Require(
        value >= least && value <= greatest,
        string.Create(CultureInfo.InvariantCulture, $"ensemble.{field} is {value}. Give a number from {least} to {greatest}."));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
