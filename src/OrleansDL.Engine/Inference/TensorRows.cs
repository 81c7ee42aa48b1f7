using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Requests as rows of one, and its outputs as rows of each.</summary>
public static class TensorRows
{
    /// <summary>An input of several requests, one below the other.</summary>
    /// <param name="requests">They differ in nothing but their rows.</param>
    /// <param name="input">The input's place in each.</param>
    public static Tensor Join(IReadOnlyList<InferRequest> requests, int input)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var first = requests[0].Inputs[input];
        var data = new byte[requests.Sum(request => request.Inputs[input].Data.Length)];
        var (at, rows) = (0, 0L);
        foreach (var request in requests)
        {
            request.Inputs[input].Data.Span.CopyTo(data.AsSpan(at));
            at += request.Inputs[input].Data.Length;
            rows += request.Inputs[input].Shape[0];
        }

        return new Tensor { Name = first.Name, Type = first.Type, Shape = [rows, .. first.Shape.AsSpan(1)], Data = data };
    }

    /// <summary>Some rows of an output, by reference.</summary>
    /// <param name="output">Its first axis counts rows.</param>
    /// <param name="at">The first of them.</param>
    /// <param name="rows">How many.</param>
    public static Tensor Slice(Tensor output, long at, long rows)
    {
        ArgumentNullException.ThrowIfNull(output);
        var row = (int)(output.Data.Length / output.Shape[0]);
        return new Tensor { Name = output.Name, Type = output.Type, Shape = [rows, .. output.Shape.AsSpan(1)], Data = output.Data.Slice((int)at * row, (int)rows * row) };
    }
}
