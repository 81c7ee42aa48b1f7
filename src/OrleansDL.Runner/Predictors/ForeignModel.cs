using System.Diagnostics;
using System.Runtime.CompilerServices;
using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Runner.Predictors;

/// <summary>A model of another engine than ONNX Runtime: tensors in, tensors out. What it puts out is compared with what it said it would.</summary>
internal abstract class ForeignModel(string model) : IDecoupledModel
{
    private bool _splits;

    public string Model => model;

    public ModelSignature Signature { get; private set; } = new() { Inputs = [], Outputs = [] };

    public bool CanBatch => _splits;

    public void Check(InferRequest request) => ModelSession.Check(request, Signature, model);

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        return await AnswerAsync(request.Inputs, request.Outputs, _splits && request.Inputs[0].Shape is [var rows, ..] ? (int)rows : 1, cancellationToken);
    }

    public async ValueTask<InferAnswer[]> InferTogetherAsync(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken)
    {
        if (requests.Count == 1)
        {
            return [await InferAsync(requests[0], cancellationToken)];
        }

        Tensor[] inputs = [.. Enumerable.Range(0, requests[0].Inputs.Count).Select(input => TensorRows.Join(requests, input))];
        var rows = inputs[0].Shape[0];
        var whole = await AnswerAsync(inputs, [], (int)rows, cancellationToken);
        if (whole.Outputs.Any(output => output.Shape is not [var size, ..] || size != rows))
        {
            throw new InvalidException($"Model '{model}' answered {rows} rows by another number of them: its signature says that the first axis counts rows.");
        }

        var (answers, at) = (new InferAnswer[requests.Count], 0L);
        for (var index = 0; index < answers.Length; index++)
        {
            var (own, wanted, first) = (requests[index].Inputs[0].Shape[0], requests[index].Outputs, at);
            answers[index] = new InferAnswer
            {
                Outputs = [.. whole.Outputs.Where(output => IsWanted(wanted, output)).Select(output => TensorRows.Slice(output, first, own))],
                Times = whole.Times!.Value with { Rows = (int)own, CountsExecution = index == 0 },
            };
            at += own;
        }

        return answers;
    }

    public async IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Check(request);
        var began = Stopwatch.GetTimestamp();
        await foreach (var outputs in RunDecoupledAsync(request.Inputs, cancellationToken).WithCancellation(cancellationToken))
        {
            yield return Answer(outputs, request.Outputs, 1, began);
            began = Stopwatch.GetTimestamp();
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Runs the model.</summary>
    protected abstract ValueTask<IReadOnlyList<Tensor>> RunAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken);

    /// <summary>Runs a decoupled model.</summary>
    protected virtual IAsyncEnumerable<IReadOnlyList<Tensor>> RunDecoupledAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) =>
        throw new InvalidException($"Model '{model}' gives one answer to a request.");

    /// <summary>What it takes and gives, known when it is loaded.</summary>
    /// <exception cref="InvalidException">It cannot be.</exception>
    protected void Describe(ModelSignature signature)
    {
        if (signature.Inputs.Count == 0 || signature.Outputs.Count == 0)
        {
            throw new InvalidException($"Model '{model}' has {signature.Inputs.Count} inputs and {signature.Outputs.Count} outputs. It needs one of each at least.");
        }

        var all = signature.Inputs.Concat(signature.Outputs).ToList();
        if (all.Find(tensor => tensor.Name.Length == 0 || tensor.Shape.Any(size => size < -1)) is { } wrong)
        {
            throw new InvalidException($"Model '{model}' has an input or output '{wrong.Name}' of shape [{string.Join(',', wrong.Shape)}]. It needs a name, and sizes from 0 or -1 for any.");
        }

        Signature = signature;
        _splits = signature.Decoupled is not true && all.TrueForAll(tensor => tensor is { Type: not TensorElementType.Bytes, Shape: [-1, ..] });
    }

    private async ValueTask<InferAnswer> AnswerAsync(IReadOnlyList<Tensor> inputs, IReadOnlyList<string> wanted, int rows, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        return Answer(await RunAsync(inputs, cancellationToken), wanted, rows, began);
    }

    private InferAnswer Answer(IReadOnlyList<Tensor> outputs, IReadOnlyList<string> wanted, int rows, long began)
    {
        var ran = Stopwatch.GetTimestamp();
        return new InferAnswer
        {
            Outputs = [.. Signature.Outputs.Select(spec => Output(outputs, spec)).Where(output => IsWanted(wanted, output))],
            Times = new InferTimes { Run = (long)Stopwatch.GetElapsedTime(began, ran).TotalNanoseconds, Rows = rows, BatchSize = rows, CountsExecution = true },
        };
    }

    private Tensor Output(IReadOnlyList<Tensor> outputs, TensorSpec spec)
    {
        var output = outputs.FirstOrDefault(output => output.Name == spec.Name) ?? throw new InvalidException($"Model '{model}' did not put out '{spec.Name}', which its signature names.");
        var size = ModelSession.SizeOf(output.Type);
        var fits = output.Type == spec.Type && output.Shape.Length == spec.Shape.Count && output.Shape.Zip(spec.Shape).All(pair => pair.Second < 0 ? pair.First >= 0 : pair.First == pair.Second)
            && (size == 0 || output.Shape.Aggregate((long)size, (product, length) => product * length) == output.Data.Length);
        return fits ? output : throw new InvalidException(
            $"Model '{model}' put out '{spec.Name}' as {output.Type} [{string.Join(',', output.Shape)}] of {output.Data.Length} bytes, and its signature says {spec.Type} [{string.Join(',', spec.Shape)}].");
    }

    private static bool IsWanted(IReadOnlyList<string> wanted, Tensor output) => wanted.Count == 0 || wanted.Contains(output.Name);
}
