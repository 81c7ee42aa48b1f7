namespace OrleansDL.Serving;

/// <summary>Gives tensors the shape that the model, or the caller, knows them by. Their bytes stay where they are.</summary>
internal static class Reshaping
{
    /// <param name="request">As the caller sent it, checked against what callers see.</param>
    /// <param name="reshapes">By the tensor's name.</param>
    /// <param name="batch">Axes before those that are told: 1 with a batch axis, else 0.</param>
    public static InferRequest In(InferRequest request, IReadOnlyDictionary<string, TensorReshape> reshapes, int batch) => new()
    {
        Inputs = [.. request.Inputs.Select(input => reshapes.TryGetValue(input.Name, out var reshape) ? With(input, batch, Fill(reshape, input.Shape[batch..])) : input)],
        Outputs = request.Outputs,
        Priority = request.Priority,
        TimeoutMicroseconds = request.TimeoutMicroseconds,
        Sequence = request.Sequence,
    };

    /// <inheritdoc cref="In"/>
    public static InferAnswer Out(InferAnswer answer, IReadOnlyDictionary<string, TensorReshape> reshapes, int batch) => new()
    {
        Outputs = [.. answer.Outputs.Select(output => reshapes.TryGetValue(output.Name, out var reshape)
            ? With(output, batch, Fill(new TensorReshape { Seen = reshape.Own, Own = reshape.Seen }, output.Shape[batch..]))
            : output)],
        Top = answer.Top,
        Times = answer.Times,
    };

    /// <summary>The model's sizes, its open ones those that are open in what was given, in their order.</summary>
    public static IReadOnlyList<long> Fill(TensorReshape reshape, IReadOnlyList<long> given)
    {
        var open = new Queue<long>(reshape.Seen.Zip(given).Where(pair => pair.First < 0).Select(pair => pair.Second));
        return [.. reshape.Own.Select(size => size < 0 && open.TryDequeue(out var actual) ? actual : size)];
    }

    private static Tensor With(Tensor tensor, int batch, IReadOnlyList<long> shape) =>
        new() { Name = tensor.Name, Type = tensor.Type, Shape = [.. tensor.Shape.AsSpan(0, batch), .. shape], Data = tensor.Data };
}
