using System.Buffers.Binary;
using System.Text;
using OrleansDL.Inference;

namespace OrleansDL.Serving.Sequences;

/// <summary>A model as the requests of a sequence see it: without its controls and states, which are added to a batch and taken from its answer.</summary>
internal sealed class SequenceModel
{
    private readonly ITensorModel _session;
    private readonly SequenceSpec _spec;
    private readonly string _name;
    private readonly TensorSpec[] _states;
    private readonly Tensor[] _beginnings;

    /// <exception cref="InvalidException">The spec names what the model has not, or what cannot be.</exception>
    /// <param name="session">The model.</param>
    /// <param name="spec">Its controls and states.</param>
    /// <param name="folder">Where the files lie that say what states begin with.</param>
    /// <param name="name">What messages to callers call it; null: as the model calls itself.</param>
    public SequenceModel(ITensorModel session, SequenceSpec spec, string folder = "", string? name = null)
    {
        (_session, _spec, _name) = (session, spec, name ?? session.Model);
        var whole = session.Signature;
        foreach (var control in spec.Controls)
        {
            var input = Find(whole.Inputs, control.Input, "controls", "input");
            var isId = control.Kind is SequenceControlKind.CorrelationId;
            var fits = isId
                ? input.Type is TensorElementType.UInt64 or TensorElementType.Int64 or TensorElementType.UInt32 or TensorElementType.Int32 or TensorElementType.Bytes
                : input.Type is TensorElementType.Int32 or TensorElementType.Fp32 or TensorElementType.Bool;
            if (!fits)
            {
                throw new InvalidException($"sequence.controls: input '{control.Input}' of model '{session.Model}' is of type {input.Type}, which a control '{control.Kind}' cannot be.");
            }
        }

        _states = [.. spec.States.Select(state => Find(whole.Inputs, state.Input, "states", "input"))];
        foreach (var (index, state) in spec.States.Index())
        {
            var output = Find(whole.Outputs, state.Output, "states", "output");
            if (output.Type != _states[index].Type || output.Type is TensorElementType.Bytes || (state.Shape.Count > 0 && state.Shape.Count != _states[index].Shape.Count - Batch))
            {
                throw new InvalidException($"sequence.states: output '{state.Output}' of model '{session.Model}' cannot become its input '{state.Input}': types or axes differ.");
            }
        }

        _beginnings = [.. spec.States.Select((state, index) => Beginning(index, state.InitialFile is { } file ? Path.Combine(folder, file) : null))];
        var hidden = spec.Controls.Select(control => control.Input).Concat(spec.States.Select(state => state.Input)).ToHashSet(StringComparer.Ordinal);
        var kept = spec.States.Where(state => !state.Visible).Select(state => state.Output).ToHashSet(StringComparer.Ordinal);
        Signature = whole with { Inputs = [.. whole.Inputs.Where(input => !hidden.Contains(input.Name))], Outputs = [.. whole.Outputs.Where(output => !kept.Contains(output.Name))] };
        if (Signature.Inputs.Count == 0)
        {
            throw new InvalidException($"sequence leaves model '{session.Model}' no input of its own.");
        }
    }

    /// <summary>What callers give and get.</summary>
    public ModelSignature Signature { get; }

    /// <summary>Whether several sequences run at once: every input and output begins with an open axis, which counts rows.</summary>
    public bool CanBatch => _session.CanBatch && !_spec.Unbatched;

    private int Batch => CanBatch ? 1 : 0;

    /// <exception cref="InvalidException">The request does not fit.</exception>
    public void Check(InferRequest request)
    {
        ModelSession.Check(request, Signature, _name);
        if (CanBatch && request.Inputs.Any(input => input.Shape[0] != 1))
        {
            throw new InvalidException($"inference request to model '{_name}' must specify batch-size 1 due to requirements of sequence batcher");
        }

        var isText = request.Sequence!.Text is not null;
        foreach (var control in _spec.Controls)
        {
            if (control.Kind is SequenceControlKind.CorrelationId && TypeOf(control) is var type && isText != (type is TensorElementType.Bytes))
            {
                throw new InvalidException($"sequence batching control '{control.Input}' data-type is '{(isText ? "BYTES" : "UINT64")}', but model '{_name}' expects '{type.ToString().ToUpperInvariant()}'");
            }
        }
    }

    /// <summary>Runs rows as one.</summary>
    /// <param name="rows">The sequence of each row, and its request; null: an empty place.</param>
    /// <returns>For each row the outputs callers see, and what the model remembers now; null for empty ones.</returns>
    public async ValueTask<(InferAnswer Answer, Tensor[] States)?[]> RunAsync(IReadOnlyList<(LiveSequence Sequence, SequenceRequest Request)?> rows)
    {
        var like = rows.First(row => row is not null)!.Value.Request.Request;
        var inputs = new List<Tensor>(_session.Signature.Inputs.Count);
        foreach (var input in like.Inputs)
        {
            inputs.Add(Join(input, [.. rows.Select(row => row is null ? null : row.Value.Request.Request.Inputs.First(own => own.Name == input.Name))]));
        }

        foreach (var control in _spec.Controls)
        {
            inputs.Add(Control(control, rows));
        }

        foreach (var (index, state) in _spec.States.Index())
        {
            inputs.Add(Join(_beginnings[index], [.. rows.Select(row => row is null ? null : (row.Value.Request.Step.IsStart ? null : row.Value.Sequence.States?[index]) ?? _beginnings[index])]));
        }

        var whole = await _session.InferAsync(new InferRequest { Inputs = inputs }, CancellationToken.None);
        var answers = new (InferAnswer, Tensor[])?[rows.Count];
        var counted = false;
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row] is not { } taken)
            {
                continue;
            }

            var wanted = taken.Request.Request.Outputs;
            answers[row] = (
                new InferAnswer
                {
                    Outputs = [.. whole.Outputs.Where(output => Signature.Outputs.Any(seen => seen.Name == output.Name) && (wanted.Count == 0 || wanted.Contains(output.Name))).Select(output => Slice(output, output.Name, row, rows.Count))],
                    Top = whole.Top.Count == rows.Count ? [whole.Top[row]] : [],
                    Times = whole.Times is { } times ? times with { Rows = 1, CountsExecution = !counted } : null,
                },
                [.. _spec.States.Select(state => Slice(whole.Outputs.First(output => output.Name == state.Output), state.Input, row, rows.Count))]);
            counted = true;
        }

        return answers;
    }

    /// <summary>Whether two requests can be rows of one batch.</summary>
    public static bool Fit(InferRequest first, InferRequest second) => first.Inputs.All(input =>
        second.Inputs.FirstOrDefault(other => other.Name == input.Name) is { } other && input.Shape.AsSpan().SequenceEqual(other.Shape)
        && (input.Type is not TensorElementType.Bytes || input.Data.Length == other.Data.Length));

    private TensorElementType TypeOf(SequenceControl control) => _session.Signature.Inputs.First(input => input.Name == control.Input).Type;

    private TensorSpec Find(IReadOnlyList<TensorSpec> specs, string name, string field, string kind) => specs.FirstOrDefault(spec => spec.Name == name)
        ?? throw new InvalidException($"sequence.{field}: model '{_session.Model}' has no {kind} '{name}'. Its {kind}s: {string.Join(", ", specs.Select(spec => spec.Name))}.");

    /// <summary>A state before the first request, of one row: zeros, or what the file holds.</summary>
    private Tensor Beginning(int index, string? file)
    {
        var (spec, state) = (_states[index], _spec.States[index]);
        long[] sizes = [.. spec.Shape.Skip(Batch).Select((size, axis) => state.Shape.Count > 0 ? state.Shape[axis] : Math.Max(1, size))];
        long[] shape = CanBatch ? [1, .. sizes] : sizes;
        var bytes = shape.Aggregate((long)ModelSession.SizeOf(spec.Type), (product, size) => checked(product * size));
        if (file is null)
        {
            return new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = new byte[bytes] };
        }

        var data = File.ReadAllBytes(file);
        return data.Length == bytes
            ? new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = data }
            : throw new InvalidException($"sequence.states: the file '{Path.GetFileName(file)}' has {data.Length} bytes, and the state '{spec.Name}' of model '{_session.Model}' {bytes}.");
    }

    /// <summary>Rows one below the other; a missing one is zeros.</summary>
    private Tensor Join(Tensor like, IReadOnlyList<Tensor?> rows)
    {
        if (rows is [{ } only])
        {
            return only;
        }

        var data = new byte[like.Data.Length * rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            rows[row]?.Data.Span.CopyTo(data.AsSpan(row * like.Data.Length));
        }

        return new Tensor { Name = like.Name, Type = like.Type, Shape = CanBatch ? [rows.Count, .. like.Shape.AsSpan(1)] : like.Shape, Data = data };
    }

    private Tensor Control(SequenceControl control, IReadOnlyList<(LiveSequence Sequence, SequenceRequest Request)?> rows)
    {
        var spec = _session.Signature.Inputs.First(input => input.Name == control.Input);
        using var data = new MemoryStream();
        foreach (var row in rows)
        {
            data.Write(control.Kind is SequenceControlKind.CorrelationId ? IdBytes(spec.Type, row?.Request.Step) : Flag(spec.Type, Value(control, row?.Request.Step)));
        }

        long[] shape = CanBatch ? [rows.Count, .. spec.Shape.Skip(1).Select(size => Math.Max(1, size))] : [.. spec.Shape.Select(size => Math.Max(1, size))];
        return new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = data.ToArray() };
    }

    private static double Value(SequenceControl control, SequenceStep? step) => control.Kind switch
    {
        SequenceControlKind.Start => step is { IsStart: true },
        SequenceControlKind.End => step is { IsEnd: true },
        _ => step is not null,
    } ? control.True : control.False;

    private static byte[] Flag(TensorElementType type, double value) => type switch
    {
        TensorElementType.Fp32 => BitConverter.GetBytes((float)value),
        TensorElementType.Int32 => BitConverter.GetBytes((int)value),
        _ => [value == 0 ? (byte)0 : (byte)1],
    };

    private static byte[] IdBytes(TensorElementType type, SequenceStep? step)
    {
        var number = step?.Number ?? 0;
        if (type is not TensorElementType.Bytes)
        {
            return type is TensorElementType.UInt64 or TensorElementType.Int64 ? BitConverter.GetBytes(number) : BitConverter.GetBytes((uint)number);
        }

        var text = Encoding.UTF8.GetBytes(step?.Text ?? (step is null ? "" : step.Id()));
        var bytes = new byte[sizeof(uint) + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, sizeof(uint));
        return bytes;
    }

    /// <summary>One row of an output, by a name of its own.</summary>
    private Tensor Slice(Tensor output, string name, int row, int rows)
    {
        var length = output.Data.Length / rows;
        return new Tensor
        {
            Name = name,
            Type = output.Type,
            Shape = CanBatch ? [1, .. output.Shape.AsSpan(1)] : output.Shape,
            Data = CanBatch ? output.Data.Slice(row * length, length) : output.Data,
        };
    }
}
