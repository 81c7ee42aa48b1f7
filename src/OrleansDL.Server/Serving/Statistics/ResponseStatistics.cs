namespace OrleansDL.Serving.Statistics;

/// <summary>What became of the first answers of requests that get any number of them, or of the second ones, and so on. Each takes its time from the one before.</summary>
internal sealed class ResponseStatistics
{
    public PhaseTime ComputeInfer { get; } = new();

    public PhaseTime ComputeOutput { get; } = new();

    public PhaseTime Success { get; } = new();

    public PhaseTime Fail { get; } = new();

    /// <summary>Ends without an answer: each request that is answered to its end has one, behind its last answer.</summary>
    public PhaseTime EmptyResponse { get; } = new();

    /// <summary>Of callers that left meanwhile.</summary>
    public PhaseTime Cancel { get; } = new();

    public void OnAnswer(InferTimes times)
    {
        ComputeInfer.Add(times.Run);
        ComputeOutput.Add(times.Output);
        Success.Add(times.Run + times.Output);
    }

    public void OnError(TimeSpan waited)
    {
        ComputeInfer.Add(waited);
        ComputeOutput.Add(TimeSpan.Zero);
        Fail.Add(waited);
    }

    public void OnEnd(TimeSpan waited)
    {
        ComputeInfer.Add(waited);
        EmptyResponse.Add(waited);
    }
}
