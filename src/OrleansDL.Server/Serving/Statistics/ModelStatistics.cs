namespace OrleansDL.Serving.Statistics;

/// <summary>What the protocol's statistics extension tells of one served version since this node started.</summary>
internal sealed class ModelStatistics
{
    private long _lastInference;

    public PhaseTime Success { get; } = new();

    public PhaseTime Fail { get; } = new();

    /// <summary>From the request read to the call of the model's replica.</summary>
    public PhaseTime ComputeInput { get; } = new();

    /// <summary>The replica's answer, with the hop to it where it is on another node.</summary>
    public PhaseTime ComputeInfer { get; } = new();

    /// <summary>From the replica's answer to the response ready to send.</summary>
    public PhaseTime ComputeOutput { get; } = new();

    /// <summary>Milliseconds since 1970; 0 before the first.</summary>
    public long LastInference => Volatile.Read(ref _lastInference);

    public void OnSuccess(TimeSpan input, TimeSpan infer, TimeSpan output, DateTimeOffset now)
    {
        Success.Add(input + infer + output);
        ComputeInput.Add(input);
        ComputeInfer.Add(infer);
        ComputeOutput.Add(output);
        Volatile.Write(ref _lastInference, now.ToUnixTimeMilliseconds());
    }
}
