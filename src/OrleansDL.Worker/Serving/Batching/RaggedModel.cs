using System.Runtime.InteropServices;
using OrleansDL.Inference;

namespace OrleansDL.Serving.Batching;

/// <summary>
/// A model that takes the elements of several requests one behind the other, whatever their shapes, and inputs that tell where one ends and the next begins.
/// Callers see each request with its own shape, behind a batch axis.
/// </summary>
internal sealed class RaggedModel : ITensorModel
{
    private readonly ITensorModel _model;
    private readonly RaggedSpec _spec;

    /// <exception cref="InvalidException">The spec names what the model has not, or what cannot be.</exception>
    public RaggedModel(ITensorModel model, RaggedSpec spec)
    {
        (_model, _spec) = (model, spec);
        var whole = model.Signature;
        Ragged = spec.Inputs.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var input in spec.Inputs)
        {
            var own = Find(whole.Inputs, input.Name, "input");
            if (own.Shape is not [-1] || own.Type is TensorElementType.Bytes)
            {
                throw new InvalidException($"unable to load model '{model.Model}', configuration expects model provides input with shape [-1] for ragged input '{input.Name}', model provides [{string.Join(',', own.Shape)}] of {own.Type}");
            }
        }

        foreach (var batch in spec.BatchInputs)
        {
            Known(batch.Source);
            foreach (var target in batch.Targets)
            {
                if (Find(whole.Inputs, target, "input").Type != batch.Type)
                {
                    throw new InvalidException($"batch_input '{target}' of model '{model.Model}' is {batch.Type} in the configuration, and the model has another type.");
                }
            }
        }

        foreach (var output in spec.Outputs)
        {
            Known(output.Source);
            if (Find(whole.Outputs, output.Output, "output").Type is TensorElementType.Bytes)
            {
                throw new InvalidException($"batch_output '{output.Output}' of model '{model.Model}' is of type BYTES, whose elements have no size to part them by.");
            }
        }

        var hidden = spec.BatchInputs.SelectMany(batch => batch.Targets).ToHashSet(StringComparer.Ordinal);
        Signature = whole with
        {
            Inputs = [.. whole.Inputs.Where(input => !hidden.Contains(input.Name)).Select(input => spec.Inputs.FirstOrDefault(seen => seen.Name == input.Name) is { } seen ? input with { Shape = seen.Shape } : input)],
            Outputs = [.. whole.Outputs.Select(output => spec.Outputs.FirstOrDefault(own => own.Output == output.Name) is { } scattered ? output with { Shape = spec.Inputs.First(input => input.Name == scattered.Source).Shape } : output)],
        };
    }

    public string Model => _model.Model;

    public ModelSignature Signature { get; }

    public bool CanBatch => true;

    /// <summary>Inputs by which requests may differ and run together all the same.</summary>
    public IReadOnlySet<string> Ragged { get; }

    public void Check(InferRequest request)
    {
        ModelSession.Check(request, Signature, Model);
        if (request.Inputs.FirstOrDefault(input => input.Shape[0] != request.Inputs[0].Shape[0]) is { } other)
        {
            throw new InvalidException($"input '{other.Name}' batch size does not match other inputs for '{Model}'");
        }
    }

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        return (await InferTogetherAsync([request], cancellationToken))[0];
    }

    public async ValueTask<InferAnswer[]> InferTogetherAsync(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken)
    {
        var inputs = requests[0].Inputs.Select((input, at) => Ragged.Contains(input.Name) ? Flat(requests, at) : TensorRows.Join(requests, at)).ToList();
        foreach (var batch in _spec.BatchInputs)
        {
            inputs.AddRange(batch.Targets.Select(target => Made(batch, target, [.. requests.Select(request => request.Inputs.First(input => input.Name == batch.Source).Shape)])));
        }

        var whole = await _model.InferAsync(new InferRequest { Inputs = inputs }, cancellationToken);
        var rows = requests.Sum(request => request.Inputs[0].Shape[0]);
        var answers = new InferAnswer[requests.Count];
        var places = whole.Outputs.ToDictionary(output => output.Name, _ => 0L, StringComparer.Ordinal);
        for (var index = 0; index < answers.Length; index++)
        {
            var (request, own) = (requests[index], requests[index].Inputs[0].Shape[0]);
            var outputs = new List<Tensor>(whole.Outputs.Count);
            foreach (var output in whole.Outputs)
            {
                var part = Part(output, request, places[output.Name], own, rows);
                places[output.Name] += IsScattered(output) ? part.Data.Length : own;
                if (request.Outputs.Count == 0 || request.Outputs.Contains(output.Name))
                {
                    outputs.Add(part);
                }
            }

            answers[index] = new InferAnswer { Outputs = outputs, Times = whole.Times is { } times ? times with { Rows = (int)own, BatchSize = (int)rows, CountsExecution = index == 0 } : null };
        }

        return answers;
    }

    // Its owner frees the model.
    public void Dispose()
    {
    }

    private bool IsScattered(Tensor output) => _spec.Outputs.Any(own => own.Output == output.Name);

    /// <summary>What of an output is one request's.</summary>
    /// <param name="at">Bytes of it, or rows, that are earlier requests'.</param>
    private Tensor Part(Tensor output, InferRequest request, long at, long own, long rows)
    {
        if (_spec.Outputs.FirstOrDefault(scattered => scattered.Output == output.Name) is { } scattered)
        {
            var shape = request.Inputs.First(input => input.Name == scattered.Source).Shape;
            var bytes = Elements(shape) * ModelSession.SizeOf(output.Type);
            return at + bytes <= output.Data.Length
                ? new Tensor { Name = output.Name, Type = output.Type, Shape = shape, Data = output.Data.Slice((int)at, (int)bytes) }
                : throw Wrong(output, rows);
        }

        return output.Shape is [var size, ..] && size == rows ? TensorRows.Slice(output, at, own) : throw Wrong(output, rows);
    }

    private InvalidException Wrong(Tensor output, long rows) =>
        new($"model '{Model}' gave output '{output.Name}' of shape [{string.Join(',', output.Shape)}] for {rows} rows, which cannot be parted among them");

    /// <summary>The elements of all requests, one behind the other.</summary>
    private static Tensor Flat(IReadOnlyList<InferRequest> requests, int input)
    {
        var like = requests[0].Inputs[input];
        var data = new byte[requests.Sum(request => request.Inputs[input].Data.Length)];
        var at = 0;
        foreach (var request in requests)
        {
            request.Inputs[input].Data.Span.CopyTo(data.AsSpan(at));
            at += request.Inputs[input].Data.Length;
        }

        return new Tensor { Name = like.Name, Type = like.Type, Shape = [data.Length / ModelSession.SizeOf(like.Type)], Data = data };
    }

    /// <summary>An input that tells of the requests' shapes, which begin with their batch axis.</summary>
    private static Tensor Made(BatchInputSpec batch, string target, long[][] shapes)
    {
        var counts = shapes.Select(Elements).ToArray();
        var sums = new long[counts.Length];
        var sum = 0L;
        for (var index = 0; index < counts.Length; index++)
        {
            sums[index] = sum += counts[index];
        }

        var items = shapes.SelectMany(shape => Enumerable.Repeat(shape[1..], (int)shape[0])).SelectMany(shape => shape).ToArray();
        (long[] Shape, long[] Values) made = batch.Kind switch
        {
            BatchInputKind.ElementCount => ([counts.Length], counts),
            BatchInputKind.AccumulatedElementCount => ([sums.Length], sums),
            BatchInputKind.AccumulatedElementCountWithZero => ([sums.Length + 1], [0, .. sums]),
            BatchInputKind.MaximumElementCountAsShape => ([counts.Max()], new long[counts.Max()]),
            BatchInputKind.ItemShape => ([shapes.Sum(shape => shape[0]), shapes[0].Length - 1], items),
            _ => ([items.Length], items),
        };
        return new Tensor
        {
            Name = target,
            Type = batch.Type,
            Shape = made.Shape,
            Data = batch.Type is TensorElementType.Fp32
                ? MemoryMarshal.AsBytes<float>(Array.ConvertAll(made.Values, value => (float)value)).ToArray()
                : MemoryMarshal.AsBytes<int>(Array.ConvertAll(made.Values, value => checked((int)value))).ToArray(),
        };
    }

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    private void Known(string source)
    {
        if (!Ragged.Contains(source))
        {
            throw new InvalidException($"model '{Model}' has no input '{source}' with allow_ragged_batch, which batch_input or batch_output names as source_input.");
        }
    }

    private TensorSpec Find(IReadOnlyList<TensorSpec> specs, string name, string kind) => specs.FirstOrDefault(spec => spec.Name == name)
        ?? throw new InvalidException($"model '{Model}' has no {kind} '{name}'. Its {kind}s: {string.Join(", ", specs.Select(spec => spec.Name))}.");
}
