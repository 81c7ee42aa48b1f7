namespace OrleansDL.Serving.Statistics;

/// <summary>Executions of one number of rows.</summary>
internal sealed class BatchStatistics
{
    public PhaseTime ComputeInput { get; } = new();

    public PhaseTime ComputeInfer { get; } = new();

    public PhaseTime ComputeOutput { get; } = new();

    public void Add(InferTimes times)
    {
        ComputeInput.Add(times.Input);
        ComputeInfer.Add(times.Run);
        ComputeOutput.Add(times.Output);
    }
}
