namespace OrleansDL.Serving.Asides;

/// <summary>A sampled request with its answer, in memory of its own.</summary>
/// <param name="Log">The terms.</param>
/// <param name="Route">What answered.</param>
/// <param name="Id">Inference id.</param>
/// <param name="Bytes">Room it takes until it is committed.</param>
internal sealed record PayloadRecord(PayloadLog Log, Route Route, Guid Id, long Bytes)
{
    public IReadOnlyList<PayloadTensor>? Inputs { get; init; }

    public IReadOnlyList<PayloadTensor>? Outputs { get; init; }

    /// <summary>Of a predict call: its rows as JSON; empty where they were too large.</summary>
    public ReadOnlyMemory<byte> Rows { get; init; }

    public int Top { get; init; }

    public PredictAnswer? Answer { get; init; }

    /// <summary>Of a text that was continued.</summary>
    public PayloadText? Text { get; init; }
}
