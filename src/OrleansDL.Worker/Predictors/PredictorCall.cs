namespace OrleansDL.Predictors;

/// <summary>A call that waits for its answer.</summary>
/// <param name="model">Its model.</param>
/// <param name="began">When it was sent.</param>
/// <param name="limit">How long it may take.</param>
internal sealed class PredictorCall(HostedModel model, long began, TimeSpan limit)
{
    private volatile bool _isLate;

    public HostedModel Model => model;

    public long Began => began;

    public TimeSpan Limit => limit;

    /// <summary>Whether it has taken longer than it may, and was told to end.</summary>
    public bool IsLate
    {
        get => _isLate;
        set => _isLate = value;
    }

    /// <summary>Continuations never run on the thread that receives: it has other answers to give.</summary>
    public TaskCompletionSource<Frame> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
