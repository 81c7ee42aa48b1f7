using System.Text;

namespace OrleansDL.Serving.Asides;

/// <summary>Samples a deployment's answered requests for its payload log. What is redacted is not even copied.</summary>
/// <param name="spec">The terms.</param>
/// <param name="queue">Where sampled requests wait.</param>
internal sealed class PayloadLog(PayloadLogSpec spec, PayloadQueue queue)
{
    private readonly HashSet<string> _redacted = new(spec.Redact, StringComparer.OrdinalIgnoreCase);

    public string Dataset => spec.Dataset;

    public bool RedactsAny => _redacted.Count > 0;

    public bool IsRedacted(string name) => _redacted.Contains(name);

    public void OnAnswer(Route route, Guid id, InferRequest request, InferAnswer answer)
    {
        if (!IsSampled())
        {
            return;
        }

        var bytes = Bytes(request.Inputs) + Bytes(answer.Outputs);
        var fits = bytes <= spec.MaximumBytes;

        // As text a number takes about thrice its bytes, while both are there.
        var room = PayloadQueue.Overhead + (fits ? 4 * bytes : 0);
        if (queue.TryReserve(route, room))
        {
            // The caller's buffers are used again. An answer's memory is written once, so it is kept as it is.
            queue.Add(new PayloadRecord(this, route, id, room)
            {
                Inputs = [.. request.Inputs.Select(tensor => Take(tensor, fits, copy: true))],
                Outputs = [.. answer.Outputs.Select(tensor => Take(tensor, fits, copy: false))],
            });
        }
    }

    public void OnAnswer(Route route, Guid id, PredictRequest request, PredictAnswer answer)
    {
        if (!IsSampled())
        {
            return;
        }

        var fits = request.Rows.Length <= spec.MaximumBytes;
        var room = PayloadQueue.Overhead + (fits ? 2L * request.Rows.Length : 0);
        if (queue.TryReserve(route, room))
        {
            // A predict call's rows are its own memory, never used again.
            queue.Add(new PayloadRecord(this, route, id, room) { Rows = fits ? request.Rows : default, Top = request.Top, Answer = answer });
        }
    }

    public void OnText(Route route, Guid id, GenerateRequest request, string text, GeneratePiece last)
    {
        if (!IsSampled())
        {
            return;
        }

        var bytes = (long)Encoding.UTF8.GetByteCount(request.Text) + Encoding.UTF8.GetByteCount(text);
        var fits = bytes <= spec.MaximumBytes;
        var room = PayloadQueue.Overhead + (fits ? 2 * bytes : 0);
        if (queue.TryReserve(route, room))
        {
            queue.Add(new PayloadRecord(this, route, id, room)
            {
                Text = new PayloadText(fits ? request : request with { Text = "" }, fits ? text : "", last, fits),
            });
        }
    }

    private bool IsSampled() => spec.Percent >= 100 || Random.Shared.NextDouble() * 100 < spec.Percent;

    private PayloadTensor Take(Tensor tensor, bool fits, bool copy)
    {
        var leftOut = IsRedacted(tensor.Name) ? PayloadTensor.Redacted : fits ? null : PayloadTensor.TooLarge;
        var data = leftOut is not null ? default : copy ? tensor.Data.ToArray() : tensor.Data;
        return new PayloadTensor(new Tensor { Name = tensor.Name, Type = tensor.Type, Shape = tensor.Shape, Data = data }, leftOut);
    }

    private long Bytes(IReadOnlyList<Tensor> tensors)
    {
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            bytes += IsRedacted(tensor.Name) ? 0 : tensor.Data.Length;
        }

        return bytes;
    }
}
