using System.Numerics;
using System.Runtime.ExceptionServices;
using OrleansDL.Expressions;

namespace OrleansDL.Serving.Ensembles;

/// <summary>One request on its way through an ensemble. A step runs as soon as those it needs are over; one of several at a time takes the thread at hand, the others one of the pool.</summary>
internal sealed class EnsembleRun(Route route, EnsemblePlan plan, EnsembleSteps steps, InferRequest request)
{
    private readonly Tensor?[] _tensors = new Tensor?[plan.Tensors.Length];
    private readonly int[] _waiting = new int[plan.Steps.Length];
    private readonly long[] _generations = new long[plan.Steps.Length];
    private readonly Lock _lock = new();
    private readonly long _started = steps.Time.GetTimestamp();
    private List<Task>? _branches;
    private CancellationTokenSource? _stop;
    private ExceptionDispatchInfo? _error;
    private IReadOnlyList<LabelScore> _top = [];
    private InferTimes _times;
    private ulong _needed;
    private ulong _ran;

    public async ValueTask<InferAnswer> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var input in request.Inputs)
        {
            _tensors[InputOf(input.Name)] = input;
        }

        _needed = plan.NeededFor(request.Outputs);
        await AdvanceAsync(Begin(), cancellationToken);
        for (var branch = 0; TryBranch(branch) is { } task; branch++)
        {
            await task;
        }

        _stop?.Dispose();
        _error?.Throw();
        return new InferAnswer
        {
            Outputs = Answer(),
            Top = _top,
            Times = _times with { BatchSize = _times.Rows, CountsExecution = true },
            Generation = await steps.GenerationAsync(route, _generations),
        };
    }

    /// <summary>Counts for each step those it waits for; those that wait for none.</summary>
    private ulong Begin()
    {
        var ready = 0UL;
        for (var left = _needed; left != 0; left &= left - 1)
        {
            var step = BitOperations.TrailingZeroCount(left);
            _waiting[step] = BitOperations.PopCount(plan.Steps[step].Needs & _needed);
            ready |= _waiting[step] == 0 ? 1UL << step : 0;
        }

        return ready;
    }

    /// <summary>Runs steps and what they lead to. It does not fail: the first error ends the request when all have stopped.</summary>
    private async Task AdvanceAsync(ulong ready, CancellationToken cancellationToken)
    {
        while (ready != 0)
        {
            var step = BitOperations.TrailingZeroCount(ready);
            for (var others = ready & (ready - 1); others != 0; others &= others - 1)
            {
                cancellationToken = Branch(others & (~others + 1), cancellationToken);
            }

            try
            {
                await StepAsync(step, plan.Steps[step], cancellationToken);
            }
            catch (Exception error)
            {
                Fail(error);
                return;
            }

            ready = Over(step);
        }
    }

    private CancellationToken Branch(ulong step, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // From here on a step that fails must stop others.
            _stop ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var stopped = _stop.Token;
            (_branches ??= []).Add(Task.Run(() => AdvanceAsync(step, stopped), CancellationToken.None));
            return stopped;
        }
    }

    private Task? TryBranch(int index)
    {
        lock (_lock)
        {
            return index < _branches?.Count ? _branches[index] : null;
        }
    }

    private void Fail(Exception error)
    {
        lock (_lock)
        {
            _error ??= ExceptionDispatchInfo.Capture(error);
        }

        _stop?.Cancel();
    }

    /// <summary>The steps that waited for this one last.</summary>
    private ulong Over(int step)
    {
        var ready = 0UL;
        for (var left = _needed; left != 0; left &= left - 1)
        {
            var other = BitOperations.TrailingZeroCount(left);
            if ((plan.Steps[other].Needs & (1UL << step)) != 0 && Interlocked.Decrement(ref _waiting[other]) == 0)
            {
                ready |= 1UL << other;
            }
        }

        return ready;
    }

    private async ValueTask StepAsync(int index, PlannedStep step, CancellationToken cancellationToken)
    {
        if ((Volatile.Read(ref _ran) & step.Earlier) != 0
            || Array.Exists(step.Inputs, input => input.Tensor >= plan.Spec.Inputs.Count && _tensors[input.Tensor] is null)
            || Array.Exists(step.Asked, tensor => _tensors[tensor] is null)
            || (step.When is not null && !Holds(step)))
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Or(ref _ran, 1UL << index);
        var (answeredBy, answer) = await steps.CallAsync(route, step, RequestOf(step), cancellationToken);
        _generations[index] = answer.Generation ?? answeredBy.Generation!.Value;
        Take(step, answer);
    }

    private bool Holds(PlannedStep step)
    {
        try
        {
            var variables = new Dictionary<string, Value>(2)
            {
                ["tensors"] = Value.Of(step.Asked.ToDictionary(tensor => plan.Tensors[tensor], tensor => StepValues.Of(_tensors[tensor]!), StringComparer.Ordinal)),
                ["parameters"] = StepValues.Of(request.Parameters),
            };
            return step.When!.Evaluate(variables, steps.Time.GetUtcNow()).Value is Value.Bool { Is: var holds }
                ? holds
                : throw new InvalidException($"in ensemble '{route.Name}', {step}: its condition '{step.When.Text}' came to neither true nor false.");
        }
        catch (ExpressionException error)
        {
            throw new InvalidException($"in ensemble '{route.Name}', {step}: its condition '{step.When!.Text}' has no value: {error.Message}");
        }
    }

    private InferRequest RequestOf(PlannedStep step)
    {
        var inputs = new List<Tensor>(step.Inputs.Length);
        foreach (var (name, tensor) in step.Inputs)
        {
            // Only an input that the step's deployment has a value for can be missing.
            if (_tensors[tensor] is { } given)
            {
                inputs.Add(Named(given, name));
            }
        }

        return new InferRequest
        {
            Inputs = inputs,
            Outputs = step.Wanted,
            Priority = request.Priority,
            TimeoutMicroseconds = Left(),
            Sequence = request.Sequence,
            Parameters = request.Parameters,
            Depth = request.Depth + 1,
        };
    }

    /// <summary>What is left of the time a request may wait: a step that waited takes it from the next.</summary>
    private long Left() => request.TimeoutMicroseconds == 0
        ? 0
        : Math.Max(1, request.TimeoutMicroseconds - (long)steps.Time.GetElapsedTime(_started).TotalMicroseconds);

    private void Take(PlannedStep step, InferAnswer answer)
    {
        foreach (var (name, tensor) in step.Outputs)
        {
            _tensors[tensor] = Find(answer.Outputs, name) is { } output
                ? Named(output, plan.Tensors[tensor])
                : throw new InvalidException($"in ensemble '{route.Name}', {step}: its answer has no output '{name}'.");
        }

        var times = answer.Times ?? default;
        lock (_lock)
        {
            _times = _times with
            {
                Queue = _times.Queue + times.Queue,
                Input = _times.Input + times.Input,
                Run = _times.Run + times.Run,
                Output = _times.Output + times.Output,
                Rows = Math.Max(_times.Rows, Math.Max(1, times.Rows)),
            };
            _top = answer.Top.Count > 0 ? answer.Top : _top;
        }
    }

    private Tensor[] Answer()
    {
        if (request.Outputs.Count > 0)
        {
            var some = new Tensor[request.Outputs.Count];
            for (var index = 0; index < some.Length; index++)
            {
                some[index] = Made(plan.TensorOf(request.Outputs[index]));
            }

            return some;
        }

        var all = new Tensor[plan.Outputs.Count];
        for (var index = 0; index < all.Length; index++)
        {
            all[index] = Made(plan.Outputs[index].Tensor);
        }

        return all;
    }

    private Tensor Made(int tensor) => _tensors[tensor]
        ?? throw new InvalidException($"Ensemble '{route.Name}' made no output '{plan.Tensors[tensor]}'.");

    private int InputOf(string name)
    {
        for (var index = 0; index < plan.Spec.Inputs.Count; index++)
        {
            if (plan.Tensors[index] == name)
            {
                return index;
            }
        }

        throw new InvalidException($"unexpected inference input '{name}' for model '{route.Name}'");
    }

    private static Tensor? Find(IReadOnlyList<Tensor> tensors, string name)
    {
        for (var index = 0; index < tensors.Count; index++)
        {
            if (tensors[index].Name == name)
            {
                return tensors[index];
            }
        }

        return null;
    }

    private static Tensor Named(Tensor tensor, string name) =>
        tensor.Name == name ? tensor : new Tensor { Name = name, Type = tensor.Type, Shape = tensor.Shape, Data = tensor.Data };
}
